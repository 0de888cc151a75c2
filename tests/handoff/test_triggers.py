"""When a person is called though nobody asked: the decision by table, then on the whole desk."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from desk.agentdesk.port import Button
from desk.dialogue.memory import MemoryDialogue, echo
from desk.dialogue.port import ASK_FOR_PERSON, Reading, Reply, Turn, TurnFailedError
from desk.handoff.triggers import (
    CallRule,
    Doubts,
    Standing,
    Triggers,
    doubts_after,
    handoff_wanted,
)
from desk.settings import Settings
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, MessageRow, Owner
from desk.tables.shop import CustomerRow
from tests.handoff.floor import KIM, Floor
from tests.talk import events, rows

SURE = Reading(intent="track_order", confidence=0.9)
LOST = Reading(intent="nlu_fallback", confidence=0.3, fallback=True)
UNSURE = Reading(intent="track_order", confidence=0.45)
ANGRY = Reading(intent="track_order", confidence=0.9, anger=0.9, mood=-0.9)
COMPLAINS = Reading(intent="complaint", confidence=0.9)
DAY = timedelta(hours=24)
RULE = CallRule(reason="invoices", intents=("get_invoice",), segments=("business",))
INVOICE = Reading(intent="get_invoice")


@pytest.mark.parametrize(
    ("reading", "doubts", "standing", "triggers", "reason"),
    [
        (SURE, Doubts(), Standing(), Triggers(), None),
        (LOST, Doubts(fallbacks=1, unsure=1), Standing(), Triggers(), None),
        (LOST, Doubts(fallbacks=2, unsure=2), Standing(), Triggers(), "not understood"),
        (LOST, Doubts(fallbacks=2, unsure=2), Standing(), Triggers(fallbacks=3), None),
        (LOST, Doubts(fallbacks=9), Standing(), Triggers(fallbacks=0), None),
        (UNSURE, Doubts(unsure=2), Standing(), Triggers(), None),
        (UNSURE, Doubts(unsure=3), Standing(), Triggers(), "unsure"),
        (UNSURE, Doubts(unsure=3), Standing(), Triggers(unsure=0), None),
        (ANGRY, Doubts(), Standing(), Triggers(), "angry"),
        (replace(ANGRY, anger=0.69), Doubts(), Standing(), Triggers(), None),
        (ANGRY, Doubts(), Standing(), Triggers(anger=0), None),
        (COMPLAINS, Doubts(), Standing(vip=True), Triggers(), "VIP complaint"),
        (COMPLAINS, Doubts(), Standing(), Triggers(), None),
        (SURE, Doubts(), Standing(vip=True), Triggers(), None),
        (COMPLAINS, Doubts(), Standing(vip=True), Triggers(vip_complaint=False), None),
        (SURE, Doubts(), Standing(complaint_age=DAY), Triggers(), None),
        (SURE, Doubts(), Standing(complaint_age=2 * DAY), Triggers(), "open complaint"),
        (SURE, Doubts(), Standing(complaint_age=2 * DAY), Triggers(complaint_hours=0), None),
        (INVOICE, Doubts(), Standing(segment="business"), Triggers(rules=(RULE,)), "invoices"),
        (INVOICE, Doubts(), Standing(), Triggers(rules=(RULE,)), None),
        (SURE, Doubts(), Standing(segment="business"), Triggers(rules=(RULE,)), None),
        (ANGRY, Doubts(called=True), Standing(), Triggers(), None),
        (ANGRY, Doubts(), Standing(), Triggers(enabled=False), None),
    ],
)
def test_handoff_wanted(
    reading: Reading, doubts: Doubts, standing: Standing, triggers: Triggers, reason: str | None
) -> None:
    assert handoff_wanted(reading, doubts, standing, triggers) == reason


@pytest.mark.parametrize(
    ("readings", "fallbacks", "unsure"),
    [
        ([LOST, LOST], 2, 2),
        ([LOST, UNSURE, LOST], 1, 3),
        ([UNSURE, UNSURE, SURE], 0, 0),
        ([UNSURE, replace(UNSURE, form=True)], 0, 0),
        ([replace(UNSURE, confidence=0.5)], 0, 0),
    ],
)
def test_streaks(readings: list[Reading], fallbacks: int, unsure: int) -> None:
    doubts = Doubts(called=True)
    for reading in readings:
        doubts = doubts_after(Doubts.read(doubts.kept()), reading, Triggers())
    assert doubts == Doubts(fallbacks=fallbacks, unsure=unsure, called=True)


def read_as(**readings: Reading) -> Any:
    """Return an assistant that reads these words so, and all others surely."""

    def answer(turn: Turn) -> list[Reply]:
        reading = readings.get(turn.text, SURE)
        if reading.fallback:
            return [Reply(text="Pardon?"), Reply(reading=reading)]
        return [*echo(turn), Reply(reading=reading)]

    return answer


@pytest.fixture
def dialogue() -> MemoryDialogue:
    """Return an assistant that tells how it read a message."""
    return MemoryDialogue(read_as(grr=ANGRY, hm=LOST, eh=UNSURE, bad=COMPLAINS))


async def test_an_angry_customer_waits_for_a_person_and_is_told_what_those_who_ask_are_told(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("hello")
    assert (await floor.talk()).owner is Owner.BOT
    await floor.says("grr")
    talk = await floor.talk()
    assert (talk.owner, talk.waiting_reason) == (Owner.WAITING, "angry")
    assert floor.heard() == ["You said: hello", "You said: grr", "A colleague will come."]
    assert dialogue.turns[-1].payload == ASK_FOR_PERSON
    (asked,) = await events(floor.desk, "conversation.handoff_requested")
    assert (asked.data["reason"], asked.data["by"]) == ("angry", None)
    assert (await floor.card()).reason == "angry"
    moods = [row.mood for row in await rows(floor.desk, MessageRow, MessageRow.text == "grr")]
    assert moods == [-0.9]


async def test_what_was_not_understood_twice_is_not_asked_back_twice(floor: Floor) -> None:
    await floor.says("hm")
    assert floor.heard() == ["Pardon?"]
    await floor.says("hm")
    assert floor.heard() == ["Pardon?", "A colleague will come."]
    assert (await floor.talk()).waiting_reason == "not understood"


async def test_something_understood_in_between_ends_the_streak(floor: Floor) -> None:
    for word in ("hm", "hello", "hm", "hello", "eh", "eh", "hello", "eh"):
        await floor.says(word)
    assert (await floor.talk()).owner is Owner.BOT
    await floor.says("eh")
    await floor.says("eh")
    assert (await floor.talk()).waiting_reason == "unsure"


async def test_nobody_is_called_twice_until_somebody_was_there(floor: Floor) -> None:
    await floor.says("grr")
    await floor.passes(30)
    assert (await floor.talk()).owner is Owner.BOT, "nobody came"
    await floor.says("grr")
    assert (await floor.talk()).owner is Owner.BOT
    talk = await floor.talk()
    await floor.desk.handoff.take_over(talk.id, agent="Kim")
    await floor.desk.handoff.release(talk.id, agent="Kim")
    await floor.says("grr")
    assert (await floor.talk()).owner is Owner.WAITING
    assert len(await events(floor.desk, "conversation.handoff_requested")) == 2


async def test_who_asks_is_not_called_for_as_well(floor: Floor, dialogue: MemoryDialogue) -> None:
    dialogue.answer = read_as(human=ANGRY)
    await floor.says("human")
    assert floor.heard() == ["A colleague will come."]
    assert (await floor.talk()).waiting_reason == "asked"


async def test_a_failed_call_is_tried_again_and_made_once(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    struck = 0
    answer = dialogue.answer

    def fail_first_call(turn: Turn) -> list[Reply]:
        nonlocal struck
        if turn.payload == ASK_FOR_PERSON and not struck:
            struck += 1
            raise TurnFailedError("the assistant stumbled")
        return answer(turn)

    dialogue.answer = fail_first_call
    await floor.says("grr")
    await floor.rest()
    assert struck == 1
    assert floor.heard(Author.BOT) == ["You said: grr", "A colleague will come."]
    assert len(await events(floor.desk, "conversation.handoff_requested")) == 1


@pytest.mark.parametrize(("account", "owner"), [("vip", Owner.WAITING), ("free", Owner.BOT)])
async def test_a_complaint_of_somebody_important(floor: Floor, account: str, owner: Owner) -> None:
    await floor.says("hello")
    talk = await floor.talk()
    async with floor.desk.database.write() as session:
        session.add(
            CustomerRow(
                id="c1",
                name="A. L.",
                email="a@example.com",
                phone="+15550101",
                account_type=account,
                created_at=floor.clock(),
            )
        )
        await session.flush()
        await session.execute(
            update(ContactRow).where(ContactRow.id == talk.contact_id).values(customer_id="c1")
        )
    await floor.says("bad")
    assert (await floor.talk()).owner is owner


async def test_who_gets_a_person_is_not_asked_what_the_person_will_ask(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    asking = Reading(intent="get_refund", mood=-0.9, anger=0.9, asks=True)
    dialogue.answer = read_as(grr=asking)
    await floor.says("grr")
    assert floor.heard() == ["A colleague will come."]
    assert (await floor.talk()).waiting_reason == "angry"


async def test_the_card_shows_what_the_bot_was_told_and_may_be_seen(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    told = {"order_number": "10023", "contact_proof": "a@example.com", "reason": "it broke"}
    dialogue.answer = read_as(
        refund=Reading(intent="get_refund", slots=told),
        never=Reading(intent="stop_form", slots={"reason": None}),
    )
    await floor.says("refund")
    await floor.says("human")
    facts = [(one.label, one.value) for one in (await floor.card()).facts]
    assert facts == [("About order", "10023"), ("What happened", "it broke")]
    assert (await floor.talk()).collected == {"order_number": "10023", "reason": "it broke"}
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RELEASE)
    await floor.says("never")
    assert (await floor.talk()).collected == {"order_number": "10023"}


async def test_the_bot_is_told_what_the_agent_wrote_for_it(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RELEASE, text="A new lamp is on its way.")
    assert floor.lines()[-1] == "note agent: A new lamp is on its way."
    assert "lamp" not in "".join(floor.heard())
    await floor.says("thanks")
    told = dialogue.turns[-1].metadata["meanwhile"]
    assert told["note"] == "A new lamp is on its way."
    assert told["summary"] == 'Kim was here, noted "A new lamp is on its way."'
    (event,) = await events(floor.desk, "conversation.released")
    assert "lamp" not in str(event.data), "the record has its id, not the words"


async def test_a_complaint_that_is_open_for_more_than_a_day(floor: Floor) -> None:
    await floor.says("hello")
    talk = await floor.talk()
    await floor.desk.tickets.open(
        key="k",
        conversation_id=talk.id,
        topic="complaint",
        title="A broken lamp",
        description="It came broken.",
    )
    floor.clock.advance(timedelta(hours=23))
    await floor.says("hello")
    assert (await floor.talk()).owner is Owner.BOT
    floor.clock.advance(timedelta(hours=2))
    await floor.says("hello")
    assert (await floor.talk()).waiting_reason == "open complaint"


class TestSwitchedOff:
    """With ``triggers: {enabled: false}`` in the desk's rules."""

    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        """Return settings with rules that call nobody."""
        path = tmp_path / "desk.yml"
        path.write_text("triggers: {enabled: false}\n")
        return settings.model_copy(update={"desk_rules": path})

    async def test_nobody_is_called(self, floor: Floor, dialogue: MemoryDialogue) -> None:
        """The bot goes on, whatever it read."""
        for word in ("grr", "hm", "hm", "hm"):
            await floor.says(word)
        assert (await floor.talk()).owner is Owner.BOT
        assert len(dialogue.turns) == 4


async def test_agents_words_reach_the_bot_with_the_next_message_once(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("human")
    await floor.says("are you there?")
    talk = await floor.talk()
    await floor.desk.handoff.take_over(talk.id, agent="Kim")
    await floor.says("my lamp is broken")
    await floor.desk.handoff.reply(talk.id, agent="Kim", text="Your order 10023 is refunded.")
    await floor.desk.handoff.note(talk.id, agent="Kim", text="nice customer")
    await floor.desk.handoff.release(talk.id, agent="Kim")
    assert (await floor.talk()).untold_after is not None

    dialogue.fail_with = [TurnFailedError("not yet")]
    await floor.says("thanks")
    await floor.rest()
    assert dialogue.fail_with == []
    told = dialogue.turns[-1].metadata["meanwhile"]
    assert [(line["author"], line["text"]) for line in told["lines"]] == [
        ("contact", "are you there?"),
        ("contact", "my lamp is broken"),
        ("agent", "Your order 10023 is refunded."),
    ]
    assert told["agent"] == told["lines"][-1]["name"] == "Kim"
    assert told["summary"] == 'Kim was here, last said "Your order 10023 is refunded."'
    assert (await floor.talk()).untold_after is None

    await floor.says("bye bye")
    assert "meanwhile" not in dialogue.turns[-1].metadata


async def test_the_outcome_is_told_when_a_closed_conversation_opens_again(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RESOLVE, outcome="follow_up", topic="refund")
    await floor.says("one more thing")
    told = dialogue.turns[-1].metadata["meanwhile"]
    assert (told["agent"], told["outcome"], told["topic"]) == ("Kim", "follow_up", "refund")
    assert told["summary"] == "Kim was here, outcome follow_up, topic refund"


async def test_no_more_than_the_last_twenty_lines_are_told(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("hello")
    talk = await floor.talk()
    await floor.desk.handoff.take_over(talk.id, agent="Kim")
    for number in range(25):
        await floor.desk.handoff.reply(talk.id, agent="Kim", text=f"word {number}")
    await floor.desk.handoff.release(talk.id, agent="Kim")
    await floor.says("thanks")
    lines = dialogue.turns[-1].metadata["meanwhile"]["lines"]
    assert [line["text"] for line in lines] == [f"word {n}" for n in range(5, 25)]


async def test_words_sent_once_while_the_bot_thinks_are_told_the_next_time(
    floor: Floor, dialogue: MemoryDialogue
) -> None:
    await floor.says("hello")
    talk = await floor.talk()
    await floor.desk.handoff.send_once(talk.id, agent="Kim", text="first")
    sent = 0

    class Interrupted(MemoryDialogue):
        async def turn(self, turn: Turn) -> list[Reply]:
            nonlocal sent
            if not sent:
                sent += 1
                await floor.desk.handoff.send_once(talk.id, agent="Kim", text="second")
            return await super().turn(turn)

    busy = Interrupted(dialogue.answer)
    floor.desk.router._answering._dialogue = busy
    await floor.says("what?")
    await floor.says("and?")
    await floor.says("so?")
    told = [
        [line["text"] for line in turn.metadata.get("meanwhile", {}).get("lines", ())]
        for turn in busy.turns
    ]
    assert sent == 1
    assert told == [["first"], ["second"], []]
