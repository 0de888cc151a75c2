"""What is shown at the desk is shown once, in order, whatever its platform does."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from desk.agentdesk.memory import AcceptedThenLostError, MemoryDesk
from desk.agentdesk.port import Button, CardPost, Place, Pressed, RootGone
from desk.errors import RejectedError, RetryableError
from desk.tables.agent import DeskPostRow, DeskThreadRow
from desk.tables.conversation import Author, Owner
from desk.tables.outbox import OutboxRow
from tests.handoff.floor import KIM, Floor
from tests.talk import accept, inbound, rows, says

LATER = timedelta(minutes=1)
FAILURES = {
    "429": lambda: RetryableError("slow down", retry_in=timedelta(seconds=2)),
    "500": lambda: RetryableError("broken"),
    "accepted, then lost": AcceptedThenLostError,
    "no network": lambda: OSError("no route"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("first", [0, 2, 5])
async def test_nothing_is_lost_and_nothing_doubled(
    floor: Floor, platform: MemoryDesk, failure: str, first: int
) -> None:
    struck = 0
    for text, people in (("human", []), ("one", [KIM]), ("two", [])):
        platform.fail_with = [FAILURES[failure]() for _ in range(first + 1)]
        struck += len(platform.fail_with)
        await floor.says(text)
        for _ in range(8):
            floor.clock.advance(timedelta(minutes=1))
            await floor.rest(1)
        struck -= len(platform.fail_with)
        platform.fail_with = []
        for person in people:
            await floor.presses(person, Button.TAKE_OVER)
    assert struck > first
    said = [line for line in floor.lines() if line.startswith("contact")]
    assert said == ["contact: human", "contact: one", "contact: two"]
    keys = [one.key for one in platform.shown]
    assert len(keys) == len(set(keys)), "an attempt that got through is not repeated"
    assert platform.doubled == platform.overlapped == 0
    assert (await floor.card()).agent == "Kim"
    assert await floor.open_rows() == []


async def test_what_the_platform_asks_for_is_waited(floor: Floor, platform: MemoryDesk) -> None:
    await floor.says("human")
    await floor.says("human", thread="bob")
    before = len(platform.shown)
    platform.fail_with = [RetryableError("slow down", retry_in=timedelta(minutes=5))]
    await floor.says("one")
    await floor.says("two", thread="bob")
    assert len(platform.shown) == before, "the whole channel is left in peace"
    floor.clock.advance(timedelta(minutes=5))
    await floor.rest()
    assert sorted(floor.lines()[-2:]) == ["contact: one", "contact: two"]


async def test_a_card_is_drawn_once_for_many_changes(floor: Floor, platform: MemoryDesk) -> None:
    await floor.says("human")
    cards = [one for one in platform.shown if isinstance(one.post, CardPost)]
    for number in range(5):
        await says(floor.desk, f"line {number}")
    waiting = await rows(
        floor.desk, DeskPostRow, DeskPostRow.kind == "card", DeskPostRow.state == "queued"
    )
    assert len(waiting) == 1
    await floor.rest()
    after = [one for one in platform.shown if isinstance(one.post, CardPost)]
    assert len(after) == len(cards) + 1
    assert after[-1].post.card.lines[-1].text == "line 4"


async def test_a_card_that_failed_is_drawn_as_things_are_then(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("human")
    platform.fail_with = [RetryableError("broken")] * 3
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RELEASE)
    await floor.rest(20)
    assert (await floor.card()).owner is Owner.BOT
    assert await floor.open_rows() == []


async def test_a_deleted_root_is_begun_anew_with_a_link(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("hello")
    await floor.says("human")
    old = await floor.place()
    platform.gone.add(old.thread)
    await floor.says("is somebody there?")
    new = await floor.place()
    assert new.channel == old.channel
    assert new.thread not in ("", old.thread)
    assert (await floor.card()).earlier == (old,)
    texts = [one.post.line.text for one in platform.at(new) if hasattr(one.post, "line")]
    assert texts == [
        "hello",
        "You said: hello",
        "human",
        "A colleague will come.",
        "is somebody there?",
    ]
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.writes(KIM, "yes")
    assert floor.heard(Author.AGENT) == ["yes"]
    assert await floor.open_rows() == []


async def test_an_archived_channel_is_left_for_the_default_one(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("human")
    async with floor.desk.database.write() as session:
        row = await session.get(DeskThreadRow, 1)
        assert row is not None
        row.channel = "lamps"  # as a route may have said
    platform.gone.add("lamps")
    await floor.says("hello?")
    place = await floor.place()
    assert place.channel == "desk"
    assert floor.lines()[-1] == "contact: hello?"
    assert await floor.open_rows() == []


async def test_without_any_channel_everything_waits_for_an_operator(
    floor: Floor, platform: MemoryDesk
) -> None:
    platform.gone.add("desk")
    await floor.says("human")
    assert floor.lines() == []
    platform.gone.clear()
    floor.clock.advance(timedelta(minutes=2))
    await floor.rest()
    assert floor.lines() == ["contact: human", "bot: A colleague will come."]
    assert await floor.open_rows() == []


async def test_the_platform_says_that_a_place_is_gone(floor: Floor) -> None:
    await floor.says("human")
    await floor.says("human", thread="bob")
    old = await floor.place()
    await floor.tell(KIM, RootGone(place=old))
    assert await floor.place() != old
    bob = await floor.place("bob")
    await floor.tell(KIM, RootGone(place=Place(channel="desk")))
    assert await floor.place("bob") != bob
    assert await floor.open_rows() == []


async def test_a_post_that_is_refused_is_told_and_holds_up_nothing(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("human")
    platform.fail_with = [RejectedError("too long")]
    await floor.says("one")
    await floor.says("two")
    assert floor.lines()[-1] == "contact: two"
    assert "A message could not be shown here; the console has it." in floor.notices()


async def test_the_agent_is_shown_only_when_the_bot_is_silent(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RELEASE)
    await accept(floor.desk, inbound("and now"))
    await floor.desk.router.drain()
    async with floor.desk.database.write() as session:
        await session.execute(
            update(OutboxRow)
            .where(OutboxRow.state == "queued")
            .values(state="sending", attempts=1, lease_until=floor.clock() + LATER)
        )
    talk = await floor.talk()
    await floor.tell(
        KIM, Pressed(button=Button.TAKE_OVER, conversation_id=talk.id, epoch=talk.epoch)
    )
    assert (await floor.talk()).owner is Owner.HUMAN
    assert (await floor.card()).owner is Owner.BOT, "a bot message is on its way"
    floor.clock.advance(LATER)
    await floor.rest()
    assert (await floor.card()).owner is Owner.HUMAN
    assert "You said: and now" not in floor.heard()
