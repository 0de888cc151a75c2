"""STOP from the platform to the list: obeyed at once, confirmed once, asked back where it is not sure."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.contacts import consents
from desk.contacts.opting_phrases import Phrase, say
from desk.conversations import repository
from desk.dialogue.memory import MemoryDialogue
from desk.message import Attachment
from desk.tables.consent import ConsentRow
from desk.tables.conversation import Author, ConversationRow, Owner
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.talk import conversation, events, rows, says, settle, transcript

STOPPED = say(Phrase.STOPPED, "en")


async def _agrees(desk: Desk, *purposes: str) -> str:
    """Let a customer say hello and agree to messages; return the contact's id."""
    await says(desk, "hello")
    row = await conversation(desk)
    async with desk.database.write() as session:
        for purpose in purposes or ("marketing",):
            await consents.record(
                session,
                contact_id=row.contact_id,
                conversation_id=row.id,
                purpose=purpose,
                granted=True,
                key=f"yes:{purpose}",
                now=desk.clock(),
            )
    return row.contact_id


async def _said(desk: Desk) -> list[tuple[str, bool]]:
    return [(row.purpose, row.granted) for row in await rows(desk, ConsentRow)]


async def _standing(desk: Desk) -> Sequence[SuppressionRow]:
    return await rows(
        desk, SuppressionRow, SuppressionRow.lifted_at.is_(None), SuppressionRow.digest.is_(None)
    )


async def _campaign(desk: Desk, text: str = "Our new lamps are here") -> None:
    row = await conversation(desk)
    async with desk.database.write() as session:
        talk = await session.get_one(ConversationRow, row.id)
        await desk.conversations.say(session, talk, text, author=Author.CAMPAIGN, now=desk.clock())


async def test_stop_is_obeyed_and_confirmed_and_never_reaches_the_assistant(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    contact_id = await _agrees(desk, "marketing", "newsletter")
    await says(desk, "Stop. Thank you")
    assert memory.sent[-1].text == STOPPED
    assert (await transcript(desk))[-2:] == [("contact", "Stop. Thank you"), ("system", STOPPED)]
    assert await _said(desk) == [
        ("marketing", True), ("newsletter", True), ("marketing", False), ("newsletter", False),
    ]  # fmt: skip
    (row,) = await _standing(desk)
    assert (row.contact_id, row.channel, row.reason) == (
        contact_id, None, SuppressionReason.STOPPED,
    )  # fmt: skip
    (event,) = await events(desk, "contact.opted_out")
    assert event.contact_id == contact_id
    assert event.data["said_on"] == "memory"
    assert event.data["campaign_id"] is None
    assert [turn.text for turn in dialogue.turns] == ["hello"]
    assert {row.state for row in await rows(desk, InboxRow)} == {InboxState.DONE}


async def test_the_next_stop_within_a_day_is_obeyed_in_silence(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    await _agrees(desk)
    for text in ("STOP", "stop!!", "unsubscribe me"):
        await says(desk, text)
    assert [one.text for one in memory.sent].count(STOPPED) == 1
    clock.advance(timedelta(hours=25))
    await says(desk, "stop")
    assert [one.text for one in memory.sent].count(STOPPED) == 2
    assert len(await _standing(desk)) == 1
    assert len(dialogue.turns) == 1


async def test_in_chinese(desk: Desk, memory: MemoryChannel) -> None:
    await says(desk, "你好，请问有灯吗")
    await says(desk, "退订")
    assert memory.sent[-1].text == say(Phrase.STOPPED, "zh")
    await says(desk, "TD")
    assert len(memory.sent) == 2


async def test_stop_is_answered_in_the_language_of_the_talk(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "你好，请问有灯吗")
    await says(desk, "STOP")
    assert memory.sent[-1].text == say(Phrase.STOPPED, "zh")


async def test_who_talks_with_a_person_is_obeyed_and_the_bot_says_nothing(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await _agrees(desk)
    row = await conversation(desk)
    await desk.handoff.take_over(row.id, agent="Mo")
    await settle(desk)
    before, turns = len(memory.sent), len(dialogue.turns)
    await says(desk, "stopall")
    assert [one.text for one in memory.sent[before:]] == [STOPPED]
    assert memory.sent[-1].author is Author.SYSTEM
    await says(desk, "please don't stop")
    await says(desk, "stop")
    assert len(memory.sent) == before + 1
    assert len(dialogue.turns) == turns
    assert len(await _standing(desk)) == 1
    assert ("contact", "stopall") in await transcript(desk), "the agent sees it"
    assert (await conversation(desk)).owner is Owner.HUMAN


async def test_a_closed_conversation_stays_closed(desk: Desk, memory: MemoryChannel) -> None:
    await _agrees(desk)
    async with desk.database.write() as session:
        talk = await repository.locked(session, (await conversation(desk)).id)
        assert talk is not None
        await desk.conversations.change_owner(
            session, talk, Owner.CLOSED, now=desk.clock(), name="resolved"
        )
    await says(desk, "STOP")
    assert (await conversation(desk)).owner is Owner.CLOSED
    assert memory.sent[-1].text == STOPPED


@pytest.mark.parametrize(
    ("answer", "stops"),
    [("Stop messages", True), ("1", True), ("yes", True), ("stop", True),
     ("Keep them", False), ("2", False), ("no", False)],
)  # fmt: skip
async def test_what_is_not_sure_is_asked_back(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, answer: str, stops: bool
) -> None:
    await _agrees(desk)
    await says(desk, "please don't stop")
    asked = memory.sent[-1]
    assert asked.text.startswith(say(Phrase.ASK, "en"))
    assert [choice.title for choice in asked.choices] == ["Stop messages", "Keep them"]
    assert await _standing(desk) == []
    await says(desk, answer)
    assert memory.sent[-1].text == (STOPPED if stops else say(Phrase.KEPT, "en"))
    assert len(await _standing(desk)) == int(stops)
    assert len(dialogue.turns) == 1


async def test_yes_to_something_else_is_the_assistants(
    desk: Desk, dialogue: MemoryDialogue
) -> None:
    await says(desk, "hello")
    await says(desk, "yes")
    assert len(dialogue.turns) == 2


@pytest.mark.parametrize(
    "text", ["stop my order", "where is the bus stop?", "停止发货", "cancel", "start", "quit"]
)
async def test_other_matters_are_the_assistants(
    desk: Desk, dialogue: MemoryDialogue, text: str
) -> None:
    await _agrees(desk)
    await says(desk, text)
    assert [turn.text for turn in dialogue.turns] == ["hello", text]
    assert await _standing(desk) == []


@pytest.mark.parametrize("text", ["cancel", "END", "取消"])
async def test_below_a_campaign_more_words_are_a_stop(
    desk: Desk, dialogue: MemoryDialogue, text: str
) -> None:
    await _agrees(desk)
    await _campaign(desk)
    await says(desk, text)
    assert len(dialogue.turns) == 1
    assert len(await _standing(desk)) == 1


@pytest.mark.parametrize("text", ["START", "subscribe again", "退订恢复"])
async def test_start_lifts_it_with_consent(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue, text: str
) -> None:
    contact_id = await _agrees(desk)
    await says(desk, "STOP")
    await says(desk, text)
    assert memory.sent[-1].text in (say(Phrase.BACK, "en"), say(Phrase.BACK, "zh"))
    assert await rows(desk, SuppressionRow, SuppressionRow.lifted_at.is_(None)) == []
    assert await desk.consents.granted(contact_id=contact_id, purpose="marketing") is True
    assert await desk.consents.granted(contact_id=contact_id, purpose="newsletter") is True
    assert len(await events(desk, "contact.opted_in")) == 1
    assert len(dialogue.turns) == 1
    await says(desk, "stop")
    assert memory.sent[-1].text in (STOPPED, say(Phrase.STOPPED, "zh"))
    assert len(await _standing(desk)) == 1


async def test_what_was_not_wanted_before_stop_does_not_come_back_with_start(desk: Desk) -> None:
    contact_id = await _agrees(desk)
    row = await conversation(desk)
    await desk.consents.set(
        conversation_id=row.id, purpose="newsletter", granted=False, key="alone"
    )
    await says(desk, "STOP")
    await says(desk, "START")
    assert await desk.consents.granted(contact_id=contact_id, purpose="marketing") is True
    assert await desk.consents.granted(contact_id=contact_id, purpose="newsletter") is False


async def test_a_stop_with_a_picture_below_is_a_stop(desk: Desk, dialogue: MemoryDialogue) -> None:
    await _agrees(desk)
    logo = Attachment(name="logo.png", content_type="image/png", content=b"\x89PNG")
    await says(desk, "Unsubscribe", attachments=(logo,))
    assert len(await _standing(desk)) == 1
    assert len(dialogue.turns) == 1


async def test_stop_names_the_campaign_where_one_is_known(desk: Desk) -> None:
    async def newest(_: object, conversation_id: str) -> int | None:
        return 7 if conversation_id else None

    desk.opting.answers._campaign_of = newest
    await _agrees(desk)
    await says(desk, "STOP")
    (row,) = await _standing(desk)
    (event,) = await events(desk, "contact.opted_out")
    assert (row.campaign_id, event.data["campaign_id"]) == (7, 7)
