"""Who is who, and who may act."""

from datetime import timedelta

import pytest

from channels.slack.desk.people import People
from desk.agentdesk.port import Person
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import RejectedError
from tests.channels.slack.desk.conftest import Desk, parts_of
from tests.platforms.slack.server import SlackPlatform


async def test_a_person_has_a_name_and_an_address(desk: Desk) -> None:
    for _ in range(3):
        found = await desk.parts.desk.person("UANN")
    assert found == Person(external_id="UANN", name="ann", email="ann@example.com")
    assert desk.slack.calls["users.info"] == 1
    desk.clock.advance(timedelta(minutes=11))
    desk.slack.scopes -= {"users:read.email"}
    assert (await desk.parts.desk.person("UANN")).email is None
    with pytest.raises(RejectedError, match="no such person"):
        await desk.parts.desk.person("UNOBODY")


async def test_members_of_the_channel_may_act_and_nobody_else(desk: Desk) -> None:
    may = desk.parts.desk.may_act
    assert [await may(one) for one in ("UANN", "USTRANGER", "UNOBODY")] == [True, False, False]
    assert desk.slack.calls["conversations.members"] == 1
    desk.room.members.append("USTRANGER")
    assert not await may("USTRANGER")
    desk.clock.advance(timedelta(minutes=1))
    assert await may("USTRANGER")


async def test_a_channel_that_is_gone_keeps_out_nobody_else(desk: Desk) -> None:
    people = People(desk.parts.client, desk.clock, group="", channels=("CGONE", desk.room.id))
    assert await people.may_act("UANN")
    assert not await people.may_act("USTRANGER")
    assert desk.slack.calls["conversations.members"] == 2


async def test_with_a_group_its_members_may_act(slack: SlackPlatform, clock: StoppedClock) -> None:
    slack.channel("desk", slack.person("ann"))
    parts = parts_of(slack, clock, group="S0AGENTS")
    with pytest.raises(RejectedError, match="no_such_subteam"):
        await parts.desk.may_act("UANN")
    slack.world.groups["S0AGENTS"] = ["UBOB"]
    assert not await parts.desk.may_act("UANN")
    assert await parts.desk.may_act("UBOB")
    slack.scopes -= {"usergroups:read"}
    clock.advance(timedelta(minutes=2))
    with pytest.raises(ChannelDownError, match="usergroups:read"):
        await parts.desk.may_act("UBOB")
    await parts.close()


async def test_a_file_of_an_agent_is_fetched(desk: Desk) -> None:
    file = desk.ann.file("a.pdf", b"%PDF")
    await desk.ann.says(desk.room, "", thread=(await desk.begins()).thread, files=[file])
    (deed,) = await desk.reads()
    (attachment,) = deed.attachments
    assert await desk.parts.desk.fetch(attachment.reference, 100) == b"%PDF"
    with pytest.raises(RejectedError, match="larger"):
        await desk.parts.desk.fetch(attachment.reference, 3)
    assert await desk.parts.desk.fetch(f"file:{file.id}", 100) == b"%PDF"
    with pytest.raises(RejectedError, match="not at Slack"):
        await desk.parts.desk.fetch("https://example.com/a.pdf", 100)
