"""What channels promise about delivering a question."""

import pytest

from channels.memory.adapter import MemoryChannel
from channels.x.adapter import X
from desk.channel import Pace, PublicChannel
from desk.feedback.doors import Doors
from tests.feedback.studio import Studio


@pytest.mark.parametrize(("thread", "public"), [("dm:12", False), ("post:1/2", True)])
def test_what_is_written_below_a_post_on_x_is_public(thread: str, public: bool) -> None:
    assert isinstance(X, PublicChannel)
    assert X.is_public(None, thread) is public


@pytest.mark.parametrize(("thread", "why"), [("g1", "others would read it"), ("p1", None)])
async def test_groups_are_public_too(studio: Studio, thread: str, why: str | None) -> None:
    pace = Pace(is_group=lambda thread: thread.startswith("g"))
    doors = Doors({"memory": MemoryChannel(pace=pace)})
    await studio.hear("Hello", thread)
    row = await studio.row(thread)
    async with studio.database.read() as session:
        assert await doors.obstacle(session, row, studio.clock(), studio.clock()) == why


async def test_where_channels_are_not_known_nothing_is_forbidden(studio: Studio) -> None:
    await studio.hear("Hello")
    async with studio.database.read() as session:
        row = await studio.row()
        assert await Doors().obstacle(session, row, studio.clock(), studio.clock()) is None
    assert not Doors().shows_buttons("memory")
