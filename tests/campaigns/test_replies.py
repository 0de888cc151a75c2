"""What customers write below a campaign is an answer to it, once each, and a yes begins what the campaign says."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.campaigns.flow import Flow
from analytics.campaigns.plan import read
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import TurnFailedError
from desk.errors import InvalidError
from desk.tables.conversation import Author, ConversationRow
from desk.tables.suppression import SuppressionRow
from tests.campaigns.people import people
from tests.campaigns.sending import OFFER, dispatcher, launched, segment, sent, wake
from tests.talk import accept, conversation, events, inbound, rows, says, settle

FLOW = {"intent": "recommend_offer", "entities": {"product": "tea"}}
PAYLOAD = '/recommend_offer{"product": "tea"}'


async def _campaign(desk: Desk, **more: Any) -> int:
    await people(desk.database, 2)
    return await sent(desk, await segment(desk.database, 2), **more)


async def test_the_first_answer_is_tied_to_its_campaign_and_counted_once(
    desk: Desk, dialogue: MemoryDialogue
) -> None:
    campaign_id = await _campaign(desk)
    await says(desk, "how much is it?", "u0")
    await says(desk, "and the big one?", "u0")
    await says(desk, "hello", "somebody else")
    (event,) = await events(desk, "campaign.replied")
    assert event.data["campaign_id"] == campaign_id
    assert (event.data["variant"], event.data["channel"]) == ("a", "memory")
    assert event.data["run_id"]
    assert event.data["recipient_id"]
    assert event.conversation_id == (await conversation(desk, "u0")).id
    told = [turn.metadata.get("campaign", {}) for turn in dialogue.turns]
    assert [one.get("campaign_id") for one in told] == [campaign_id, None, None]
    assert told[0]["name"] == "Spring"
    await says(desk, "hi", "u1")
    assert len(await events(desk, "campaign.replied")) == 2


async def test_a_yes_begins_what_the_campaign_says(desk: Desk, dialogue: MemoryDialogue) -> None:
    """The twin of the assistant reads the first word as the intent."""
    await _campaign(desk, reply=FLOW)
    await says(desk, "affirm please", "u0")
    await says(desk, "affirm please", "u0")
    await says(desk, "where is my order?", "u1")
    assert [turn.payload for turn in dialogue.turns] == [PAYLOAD, None, None]


async def test_who_is_interested_says_yes(desk: Desk, dialogue: MemoryDialogue) -> None:
    await _campaign(desk, reply=FLOW)
    await says(desk, "I'm interested!", "u0")
    await says(desk, "我很感兴趣", "u1")
    assert [turn.payload for turn in dialogue.turns] == [PAYLOAD, PAYLOAD]


async def test_a_yes_is_a_yes_when_the_campaign_says_nothing_of_it(
    desk: Desk, dialogue: MemoryDialogue
) -> None:
    await _campaign(desk)
    await says(desk, "affirm please", "u0")
    assert [turn.payload for turn in dialogue.turns] == [None]


async def test_a_turn_that_failed_knows_the_campaign_when_it_is_tried_again(
    desk: Desk, dialogue: MemoryDialogue, clock: StoppedClock
) -> None:
    await _campaign(desk, reply=FLOW)
    dialogue.fail_with = [TurnFailedError("no")]
    await says(desk, "affirm please", "u0")
    assert dialogue.turns == []
    clock.advance(timedelta(minutes=5))
    await settle(desk)
    (turn,) = dialogue.turns
    assert turn.payload == PAYLOAD
    assert turn.metadata["campaign"]["name"] == "Spring"
    assert len(await events(desk, "campaign.replied")) == 1


async def test_a_button_begins_its_intent_and_what_is_typed_does_not(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await _campaign(desk)
    (choice,) = next(one.choices for one in memory.sent if one.recipient == "u0")
    await says(desk, "", "u0", choice=choice.id)
    await says(desk, PAYLOAD, "u1")
    pressed, typed = dialogue.turns
    assert pressed.payload == PAYLOAD
    assert typed.payload is None
    assert not typed.text.startswith("/")
    assert len(await events(desk, "campaign.replied")) == 2


async def test_what_follows_something_else_that_we_said_is_no_answer_to_the_campaign(
    desk: Desk, clock: StoppedClock
) -> None:
    await _campaign(desk)
    clock.advance(timedelta(hours=1))
    row = await conversation(desk, "u0")
    async with desk.database.write() as session:
        talk = await session.get_one(ConversationRow, row.id)
        await desk.conversations.say(
            session, talk, "Your parcel is here", author=Author.AGENT, now=clock()
        )
    await says(desk, "great", "u0")
    assert await events(desk, "campaign.replied") == []


@pytest.mark.parametrize(("days", "count"), [(6, 1), (8, 0)])
async def test_what_comes_a_week_later_is_no_answer(
    desk: Desk, clock: StoppedClock, days: int, count: int
) -> None:
    await _campaign(desk)
    clock.advance(timedelta(days=days))
    await says(desk, "hello", "u0")
    assert len(await events(desk, "campaign.replied")) == count


async def test_an_answer_that_is_faster_than_our_own_record_is_one(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    """The conversation learns of the message only when the batch is through."""
    await people(desk.database, 2)
    honest = memory.send

    async def send(message: object) -> object:
        done = await honest(message)  # type: ignore[arg-type]
        if len(memory.sent) == 1:
            await accept(desk, inbound("affirm at once", memory.sent[0].recipient))
            await desk.router.drain()
        return done

    memory.send = send  # type: ignore[assignment, method-assign]
    await sent(desk, await segment(desk.database, 2), reply=FLOW)
    assert [turn.payload for turn in dialogue.turns] == [PAYLOAD]
    assert len(await events(desk, "campaign.replied")) == 1


async def test_stop_is_no_answer_but_knows_its_campaign(desk: Desk) -> None:
    campaign_id = await _campaign(desk)
    await says(desk, "stop", "u0")
    assert await events(desk, "campaign.replied") == []
    words = await rows(desk, SuppressionRow)
    assert {row.campaign_id for row in words} == {campaign_id}


async def test_the_newer_of_two_campaigns_is_answered(desk: Desk, clock: StoppedClock) -> None:
    first = await _campaign(desk)
    clock.advance(timedelta(days=1))
    second = await launched(desk, await segment(desk.database, 1), "Summer")
    await wake(desk).step()
    await dispatcher(desk).drain()
    await says(desk, "hello", "u0")
    (event,) = await events(desk, "campaign.replied")
    assert event.data["campaign_id"] == second != first


def test_a_flow_is_written_as_a_button_would() -> None:
    assert Flow(intent="greet").payload == "/greet"
    assert Flow(intent="order", entities={"product": "茶"}).payload == '/order{"product": "茶"}'


@pytest.mark.parametrize("wrong", [{"intent": "/greet"}, {"intent": "Greet!"}, {}])
def test_what_is_no_intent_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match="reply"):
        read(
            {
                "segment_id": 1,
                "channels": ["memory"],
                "variants": [{"name": "a", "template": OFFER}],
                "schedule": {"kind": "once", "at": "2026-03-02T12:00:00+00:00"},
                "reply": wrong,
            }
        )
