"""Flow A with twins: a message comes in, goes to its owner, an answer goes out."""

import asyncio
from datetime import timedelta

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import TurnFailedError
from desk.errors import ConflictError, RejectedError, RetryableError
from desk.tables.conversation import Owner
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.outbox import OutboxRow, OutboxState
from desk.tables.ticket import TicketRow
from tests.talk import accept, conversation, events, inbound, rows, says, settle, transcript


async def test_a_message_is_answered(desk: Desk, memory: MemoryChannel) -> None:
    await says(desk, "hello")
    assert [m.text for m in memory.sent] == ["You said: hello"]
    assert await transcript(desk) == [("contact", "hello"), ("bot", "You said: hello")]
    (row,) = await rows(desk, InboxRow)
    assert row.state is InboxState.DONE
    names = [event.name for event in await events(desk, "message.received")]
    assert names == ["message.received"]


async def test_the_same_message_twenty_times_has_one_effect(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    message = inbound("hello")
    await accept(desk, *[message] * 20)
    await settle(desk)
    assert len(memory.sent) == len(dialogue.turns) == 1


async def test_fifty_quick_messages_are_answered_in_order_one_at_a_time(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    dialogue.delay = timedelta(milliseconds=1)
    for number in range(50):
        await accept(desk, inbound(f"message {number}"))
    await settle(desk)
    assert [m.text for m in memory.sent] == [f"You said: message {n}" for n in range(50)]
    assert dialogue.overlaps == 0


async def test_other_conversations_go_on_beside_a_slow_one(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    dialogue.delay = timedelta(milliseconds=50)
    await accept(desk, *(inbound("hi", f"customer {n}") for n in range(10)))
    await settle(desk)
    assert dialogue.most_at_once == 10
    assert len(memory.sent) == 10


async def test_buttons_are_taken_by_number_title_and_id(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    for answer in ("2", "no", "No"):
        await says(desk, "buttons")
        await says(desk, answer)
    await says(desk, "buttons")
    await says(desk, "", choice=memory.sent[-1].choices[0].id)
    taken = [turn.payload for turn in dialogue.turns if turn.payload]
    assert taken == ["/deny", "/deny", "/deny", "/affirm"]
    assert (await transcript(desk))[-2] == ("contact", "Yes")


async def test_a_slash_is_never_a_command(desk: Desk, dialogue: MemoryDialogue) -> None:
    for text in ('/affirm{"x": "y"}', " /affirm", "／affirm", "/ /affirm", "//affirm"):
        await says(desk, text)
    assert not any(turn.text.startswith(("/", " ", "／")) for turn in dialogue.turns)
    assert all(turn.payload is None for turn in dialogue.turns)
    assert len(dialogue.turns) == 5


async def test_the_assistant_away_is_told_once_and_answered_once_when_back(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    dialogue.away = True
    await says(desk, "first")
    await says(desk, "second")
    for _ in range(10):
        clock.advance(timedelta(minutes=1))
        await settle(desk)
    assert dialogue.calls >= 5
    assert [m.author for m in memory.sent] == ["system"]
    dialogue.away = False
    clock.advance(timedelta(minutes=1))
    await settle(desk)
    assert [m.text for m in memory.sent[1:]] == ["You said: first", "You said: second"]


async def test_a_message_that_always_fails_becomes_a_ticket_and_blocks_nobody(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    dialogue.fail_with = [TurnFailedError("boom") for _ in range(5)]
    await accept(desk, inbound("poison"), inbound("after it"))
    for _ in range(6):
        await settle(desk)
        clock.advance(timedelta(minutes=1))
    assert not dialogue.fail_with
    (ticket,) = await rows(desk, TicketRow)
    assert ticket.description == "poison"
    texts = [m.text for m in memory.sent]
    assert "T-000001" in texts[1]
    assert texts[2] == "You said: after it"
    poison, after = await rows(desk, InboxRow)
    assert (poison.state, after.state) == (InboxState.DEAD, InboxState.DONE)


async def test_a_message_that_cannot_be_received_is_set_aside_and_blocks_nobody(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock
) -> None:
    await accept(desk, inbound("broken", "bob"), inbound("fine"))
    async with desk.database.write() as session:
        row = await session.get(InboxRow, 1)
        assert row is not None
        broken = row.thread
        row.payload = {"nothing": "of use"}
    for _ in range(8):
        await settle(desk)
        clock.advance(timedelta(minutes=1))
    other = "You said: fine" if broken == "bob" else "You said: broken"
    assert [m.text for m in memory.sent] == [other]
    dead = await rows(desk, InboxRow, InboxRow.state == InboxState.DEAD)
    assert [(row.id, row.failures) for row in dead] == [(1, 5)]
    assert len(await events(desk, "message.dead_lettered")) == 1
    await says(desk, "still here")
    assert memory.sent[-1].text == "You said: still here"


async def test_a_failed_turn_is_tried_again(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    dialogue.fail_with = [TurnFailedError("boom")]
    await says(desk, "hello")
    clock.advance(timedelta(minutes=1))
    await settle(desk)
    assert [m.author for m in memory.sent] == ["system", "bot"]
    assert len(dialogue.turns) == 1


async def test_handoff_makes_the_bot_silent_until_release(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    assert (talk.owner, talk.waiting_reason) == (Owner.WAITING, "asked")
    assert memory.sent[-1].text == "A colleague will come."
    await says(desk, "are you there?")
    await desk.handoff.take_over(talk.id, agent="Kim")
    await desk.handoff.reply(talk.id, agent="Kim", text="I am")
    await says(desk, "great")
    assert len(dialogue.turns) == 1
    assert [m.text for m in memory.sent[1:]] == ["Kim is now here to help you.", "I am"]
    await desk.handoff.release(talk.id, agent="Kim")
    await says(desk, "bot?")
    assert memory.sent[-1].text == "You said: bot?"


async def test_a_reply_computed_before_a_take_over_is_not_sent(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await says(desk, "hello")
    talk = await conversation(desk)
    dialogue.delay = timedelta(milliseconds=200)
    await accept(desk, inbound("question"))
    turn = asyncio.create_task(desk.router.drain())
    while dialogue.calls < 2:
        await asyncio.sleep(0.005)
    await desk.handoff.take_over(talk.id, agent="Kim")
    await turn
    await settle(desk)
    assert [m.author for m in memory.sent] == ["bot", "system"]
    assert len(await events(desk, "reply.fenced")) == 1


async def test_a_queued_bot_message_is_fenced_at_the_send(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "hello")
    talk = await conversation(desk)
    await accept(desk, inbound("question"))
    await desk.router.drain()
    await desk.handoff.take_over(talk.id, agent="Kim")
    await settle(desk)
    assert [m.author for m in memory.sent] == ["bot", "system"]
    assert len(await events(desk, "message.fenced")) == 1


async def test_one_agent_wins_the_take_over(desk: Desk) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    tries = (desk.handoff.take_over(talk.id, agent=f"agent {n}") for n in range(8))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 7


async def test_nobody_comes_leaves_a_ticket_and_gives_the_bot_back(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock
) -> None:
    await says(desk, "human")
    clock.advance(timedelta(minutes=9))
    assert await desk.handoff.expire() == 0
    clock.advance(timedelta(minutes=2))
    assert await desk.handoff.expire() == 1
    assert await desk.handoff.expire() == 0
    await settle(desk)
    assert (await conversation(desk)).owner is Owner.BOT
    assert "T-000001" in memory.sent[-1].text
    assert len(await rows(desk, TicketRow)) == 1


async def test_resolve_closes_and_the_next_message_opens_again(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "bye")
    talk = await conversation(desk)
    assert (talk.owner, talk.resolution) == (Owner.CLOSED, 1)
    assert memory.sent[-1].text == "Goodbye"
    await says(desk, "one more thing")
    assert (await conversation(desk)).owner is Owner.BOT
    assert memory.sent[-1].text == "You said: one more thing"


async def test_an_agent_who_resolves_has_the_customer_asked_once(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Kim")
    await desk.handoff.resolve(talk.id, agent="Kim")
    await desk.handoff.resolve(talk.id, agent="Kim")
    await settle(desk)
    assert [choice.title for choice in memory.sent[-1].choices] == ["1", "2", "3", "4", "5"]
    assert [m.author for m in memory.sent] == ["bot", "system", "system"]
    turns = len(dialogue.turns)
    await says(desk, "5")
    assert len(dialogue.turns) == turns, "a rating is no turn of the assistant"
    (scored,) = await events(desk, "feedback.scored")
    assert (scored.data["score"], scored.data["agent"]) == (5, "Kim")
    assert (await conversation(desk)).owner is Owner.CLOSED
    assert len(await events(desk, "feedback.surveyed")) == 1


async def test_sends_are_retried_in_order_and_obey_retry_after(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock
) -> None:
    memory.fail_with = [RetryableError("429", retry_in=timedelta(seconds=30)), OSError("reset")]
    await says(desk, "one")
    await says(desk, "two")
    assert memory.sent == []
    clock.advance(timedelta(seconds=29))
    await settle(desk)
    assert len(memory.fail_with) == 1
    clock.advance(timedelta(seconds=2))
    await settle(desk)
    clock.advance(timedelta(seconds=10))
    await settle(desk)
    assert [m.text for m in memory.sent] == ["You said: one", "You said: two"]


@pytest.mark.parametrize(
    ("error", "state", "tries"),
    [
        (RejectedError("too long"), OutboxState.FAILED, 1),
        (ValueError("a bug"), OutboxState.DEAD, 12),
        (OSError("down"), OutboxState.DEAD, 25),
    ],
)
async def test_a_send_that_cannot_work_ends(
    desk: Desk,
    memory: MemoryChannel,
    clock: StoppedClock,
    error: Exception,
    state: OutboxState,
    tries: int,
) -> None:
    memory.fail_with = [error] * 30
    await says(desk, "hello")
    for _ in range(30):
        clock.advance(timedelta(hours=1))
        await settle(desk)
    (row,) = await rows(desk, OutboxRow)
    assert (row.state, row.attempts) == (state, tries)


async def test_attachments_are_kept_and_answered(desk: Desk, memory: MemoryChannel) -> None:
    from desk.message import Attachment  # noqa: PLC0415
    from desk.tables.conversation import AttachmentRow  # noqa: PLC0415

    file = Attachment(name="broken.jpg", content_type="image/jpeg", content=b"\xff\xd8")
    await says(desk, "", attachments=(file,))
    assert "broken.jpg" in memory.sent[0].text
    (kept,) = await rows(desk, AttachmentRow)
    assert (kept.name, kept.content) == ("broken.jpg", b"\xff\xd8")


async def test_long_text_is_kept_whole_and_read_in_part(
    desk: Desk, dialogue: MemoryDialogue, memory: MemoryChannel
) -> None:
    await says(desk, "a word " * 1_500)
    assert len(dialogue.turns[0].text) <= 2_000
    assert len((await transcript(desk))[0][1]) == 10_500
    assert "long message" in memory.sent[0].text


async def test_nothing_readable_asks_back(desk: Desk, dialogue: MemoryDialogue) -> None:
    await says(desk, "\u0000\u0007\u200b")
    await says(desk, "😀")
    assert [turn.payload for turn in dialogue.turns] == ["/nlu_fallback", None]


async def test_the_language_follows_the_customer(desk: Desk, dialogue: MemoryDialogue) -> None:
    for text in (
        "where is my order",
        "10023",
        "我的订单到哪了",
        "10023",
        "ok",
        "in English please",
    ):
        await says(desk, text)
    assert [t.language for t in dialogue.turns] == ["en", "en", "zh", "zh", "zh", "en"]
