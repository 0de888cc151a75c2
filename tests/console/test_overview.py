"""The overview: figures and what is stuck."""

from datetime import timedelta

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import TurnFailedError
from desk.errors import RejectedError
from desk.tables.inbox import InboxRow, InboxState
from tests.console.conftest import Browser
from tests.talk import accept, conversation, inbound, rows, says, settle


async def test_empty(mo: Browser) -> None:
    page = await mo.see("/console/overview")
    assert "No ratings in this time yet" in page
    assert "Nothing is stuck" in page


async def test_satisfaction(mo: Browser, desk: Desk, clock: StoppedClock) -> None:
    for number, score in enumerate((5, 4, 4, 1)):
        await says(desk, "bye", f"c{number}")
        talk = await conversation(desk, f"c{number}")
        await desk.feedback.survey(conversation_id=talk.id, key=f"s{number}")
        await desk.feedback.record(conversation_id=talk.id, score=score, key=f"r{number}")
    page = await mo.see("/console/overview?by=channel")
    for words in ("<b>75%</b>", "<b>100%</b>", "<b>3.5</b>", "4 of 4 surveys", "memory"):
        assert words in page
    clock.advance(timedelta(hours=7))
    assert "<b>75%</b>" in await mo.see("/console/overview?period=nonsense&by=nonsense")


async def test_a_dead_message_gets_another_chance(
    mo: Browser, desk: Desk, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    dialogue.fail_with = [TurnFailedError("<boom>") for _ in range(5)]
    await accept(desk, inbound("poison"))
    for _ in range(6):
        await settle(desk)
        clock.advance(timedelta(minutes=1))
    page = await mo.see("/console/overview")
    assert "Received #1" in page
    assert "<boom>" not in page
    assert (await mo.submit("/console/replay/inbox/1")).status_code == 303
    await settle(desk)
    (row,) = await rows(desk, InboxRow)
    assert row.state is InboxState.DONE
    again = await mo.submit("/console/replay/inbox/1")
    assert again.status_code == 409
    assert "not stuck any more" in again.text


async def test_an_unsent_message_is_sent_again(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    memory.fail_with = [RejectedError("blocked")]
    await says(desk, "hello")
    assert memory.sent == []
    assert "blocked" in await mo.see("/console/overview")
    await mo.submit("/console/replay/outbox/1")
    await settle(desk)
    assert [message.text for message in memory.sent] == ["You said: hello"]


async def test_only_our_queues_are_replayed(mo: Browser) -> None:
    assert (await mo.submit("/console/replay/tickets/1")).status_code == 404
    assert (await mo.submit(f"/console/replay/inbox/{10**30}")).status_code == 404
