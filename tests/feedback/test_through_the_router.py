"""A rating on its way through the whole desk: accepted, claimed, kept, thanked for; no turn of the assistant."""

from dataclasses import replace

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.conversations.incoming import Incoming
from desk.dialogue.memory import MemoryDialogue
from desk.feedback.answers import Answers
from desk.inbox.router import Router
from desk.tables.conversation import Owner
from desk.tables.feedback import FeedbackRow
from desk.tables.inbox import InboxRow, InboxState
from tests.talk import accept, conversation, events, inbound, rows, says, settle


@pytest.fixture
def listening(desk: Desk, clock: StoppedClock) -> Desk:
    """Return a desk whose router takes ratings first."""
    answers = Answers(desk.feedback.keeper, desk.feedback.rules)
    router = Router(
        database=desk.database,
        conversations=desk.conversations,
        incoming=Incoming(desk.conversations, answers=answers),
        dialogue=desk.dialogue,
        tickets=desk.tickets,
        signals=desk.signals,
        clock=clock,
    )
    return replace(desk, router=router)


async def _resolved(desk: Desk) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Kim")
    await desk.handoff.resolve(talk.id, agent="Kim")
    await settle(desk)


async def test_the_answer_to_an_agents_question(
    listening: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await _resolved(listening)
    turns = len(dialogue.turns)
    await says(listening, "5")
    (row,) = await rows(listening, FeedbackRow)
    assert (row.score, row.agent) == (5, "Kim")
    assert (await conversation(listening)).owner is Owner.CLOSED
    assert "Thank you for your rating" in memory.sent[-1].text
    assert len(dialogue.turns) == turns
    assert await events(listening, "conversation.reopened") == []
    assert {one.state for one in await rows(listening, InboxRow)} == {InboxState.DONE}


async def test_several_messages_at_once(
    listening: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await _resolved(listening)
    turns = len(dialogue.turns)
    await accept(listening, inbound("4"), inbound("Kim was friendly"), inbound("human"))
    await settle(listening)
    (row,) = await rows(listening, FeedbackRow)
    assert (row.score, row.comment) == (4, "Kim was friendly")
    assert [turn.text for turn in dialogue.turns[turns:]] == ["human"]
    assert (await conversation(listening)).owner is Owner.WAITING


async def test_the_same_rating_twenty_times_counts_once(
    listening: Desk, memory: MemoryChannel
) -> None:
    await _resolved(listening)
    before = len(memory.sent)
    message = inbound("4")
    await accept(listening, *[message] * 20)
    await settle(listening)
    assert len(memory.sent) == before + 1
    assert len(await events(listening, "feedback.scored")) == 1
