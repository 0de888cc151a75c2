"""Socket Mode: acknowledged when it is durable, and the same otherwise."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from channels.slack.app_settings import Mode
from desk.agentdesk.port import Commanded, Pressed, Wrote
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from tests.channels.slack.desk.conftest import Desk, parts_of
from tests.channels.slack.desk.test_route import value
from tests.platforms.slack.server import SlackPlatform
from tests.platforms.slack.socket import SocketRoute


@pytest.fixture
async def desk(slack: SlackPlatform, clock: StoppedClock) -> AsyncIterator[Desk]:
    """Return a desk that connects."""
    parts = parts_of(slack, clock, Mode.SOCKET)
    yield Desk(slack, parts, clock)
    await parts.close()


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[SocketRoute]:
    """Listen for the length of a test."""
    route = desk.slack.over_socket()
    assert desk.parts.socket is not None
    task = asyncio.create_task(desk.parts.socket.listen(desk.core.ingest))
    await route.connected.wait()
    try:
        yield route
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_words_buttons_and_commands(desk: Desk) -> None:
    place = await desk.begins()
    async with listening(desk):
        await desk.ann.says(desk.room, "hello", thread=place.thread)
        await desk.slack.idle()
        await desk.ann.clicks(desk.room, place.thread, "Take over")
        await desk.ann.runs(desk.room, "/frontdesk", "mine")
    wrote, pressed, commanded = desk.core.deeds
    assert isinstance(wrote, Wrote)
    assert isinstance(pressed, Pressed)
    assert isinstance(commanded, Commanded)


async def test_what_was_not_durable_comes_again(desk: Desk) -> None:
    place = await desk.begins()
    async with listening(desk) as route:
        desk.core.failures = 1
        await desk.ann.says(desk.room, "hello", thread=place.thread)
        await until(lambda: desk.core.struck == 1)
        assert (route.unacknowledged, desk.core.deeds) == (1, [])
        await route.again()
        await desk.slack.idle()
    assert [one.text for one in desk.core.deeds] == ["hello"]


async def test_forms(desk: Desk) -> None:
    place = await desk.begins()
    async with listening(desk):
        await desk.ann.clicks(desk.room, place.thread, "Note")
        await until(lambda: desk.slack.world.views)
        ((view_id, view),) = desk.slack.world.views.items()
        lacks = await desk.ann.submits(view_id, {"text": value(" ")})
        assert lacks.body == {
            "response_action": "errors",
            "errors": {"text": "Write something first."},
        }
        assert desk.slack.world.views == {view_id: view}, "the form stays and says it"
        assert desk.core.deeds == []
        done = await desk.ann.submits(view_id, {"text": value("vip")})
        assert done.body == {"response_action": "clear"}
    assert desk.core.only().text == "vip"
    assert desk.slack.world.views == {}


async def test_a_press_that_comes_again_opens_one_form(desk: Desk) -> None:
    place = await desk.begins()
    async with listening(desk):
        await desk.ann.clicks(desk.room, place.thread, "Note")
        await until(lambda: desk.slack.world.views)
        raw = desk.slack.events[-1]
        await desk.slack.interact(raw)
        await desk.ann.clicks(desk.room, place.thread, "Take over")
        await desk.slack.idle()
    assert desk.slack.calls["views.open"] == 1
    assert desk.whispers(desk.ann) == []


async def test_what_cannot_be_read_keeps_nothing_back(desk: Desk) -> None:
    place = await desk.begins()
    async with listening(desk):
        await desk.slack.deliver({"type": "event_callback", "event": 5, "event_id": "Ev1"})
        await desk.ann.says(desk.room, "after", thread=place.thread)
        await desk.slack.idle()
    assert [one.text for one in desk.core.deeds] == ["after"]


async def test_a_refused_connection_is_told(slack: SlackPlatform, clock: StoppedClock) -> None:
    parts = parts_of(slack, clock, Mode.SOCKET, app_token="xapp-wrong")
    assert parts.socket is not None
    desk = Desk(slack, parts, clock)
    with pytest.raises(ChannelDownError, match="token is wrong"):
        await parts.socket.listen(desk.core.ingest)
    await parts.close()
