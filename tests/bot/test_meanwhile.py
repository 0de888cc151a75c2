"""What people said while the bot was silent, in Rasa's tracker."""

import asyncio
import re
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot import meanwhile, turn
from bot.replies import reading_of, replies_of
from bot.turn import Turn


def _any() -> dict[str, Any]:
    return {"type": "any", "mappings": [{"type": "custom"}]}


SLOTS = (
    "order_number",
    "matched_order",
    "contact_proof",
    "reason",
    "wish",
    "pending",
    "paused_form",
    "goal",
)
DOMAIN = Domain.from_dict(
    {
        "version": "3.1",
        "slots": {
            **{name: _any() for name in SLOTS},
            "last_handoff_summary": {**_any(), "type": "text"},
        },
        "forms": {"refund_form": {"required_slots": ["order_number", "reason", "wish"]}},
    }
)
TOLD = {
    "summary": "Kim was here",
    "lines": [
        {"id": 7, "author": "contact", "name": None, "text": "where is it?"},
        {"id": 8, "author": "agent", "name": "Kim", "text": "Your order 10023 is refunded."},
    ],
}


def _tracker(**slots: Any) -> DialogueStateTracker:
    tracker = DialogueStateTracker.from_events("c", [], DOMAIN.slots)
    tracker.update(ActionExecuted("action_listen"))
    for name, value in slots.items():
        tracker.update(SlotSet(name, value))
    return tracker


def _tell(tracker: DialogueStateTracker, told: Any = TOLD) -> list[Any]:
    new = meanwhile.events_for(told, tracker, DOMAIN)
    for event in new:
        tracker.update(event)
    return new


def test_only_the_persons_words_are_told_with_their_name() -> None:
    tracker = _tracker()
    said = [event for event in _tell(tracker) if isinstance(event, BotUttered)]
    assert [(one.text, one.metadata) for one in said] == [
        ("Your order 10023 is refunded.", {"agent": "Kim", "line": 8})
    ]
    assert tracker.get_slot("last_handoff_summary") == "Kim was here"
    assert tracker.latest_action_name == "action_listen"


def test_an_unfinished_form_ends_and_the_rest_of_the_memory_stays() -> None:
    tracker = _tracker(order_number="10023", reason="broken", pending={"kind": "go"}, goal="x")
    tracker.update(ActiveLoop("refund_form"))
    tracker.update(SlotSet("requested_slot", "wish"))
    _tell(tracker)
    assert tracker.active_loop_name is None
    left = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}
    assert left == {"order_number": "10023", "goal": "x", "last_handoff_summary": "Kim was here"}


@pytest.mark.parametrize(
    ("known", "named", "left"),
    [
        (None, "10023", ("10023", None)),
        ("10023", "10023", ("10023", "10023")),
        ("10024", "10023", ("10023", None)),
        ("10024", None, ("10024", "10024")),
    ],
)
def test_the_order_that_was_named_is_the_one_the_talk_is_about(
    known: str | None, named: str | None, left: tuple[str | None, str | None]
) -> None:
    tracker = _tracker(order_number=known, matched_order=known)
    for event in meanwhile.events_for(TOLD, tracker, DOMAIN, named):
        tracker.update(event)
    assert (tracker.get_slot("order_number"), tracker.get_slot("matched_order")) == left


class _Parser:
    """Finds numbers of five digits."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def parse_message(self, message: UserMessage) -> dict[str, Any]:
        self.seen.append(message.text)
        found = re.findall(r"\d{5}", message.text)
        return {"entities": [{"entity": "order_number", "value": number} for number in found]}


@pytest.mark.parametrize(
    ("lines", "order", "seen"),
    [
        ([], None, 0),
        (["hello", "bye"], None, 0),
        (["10023 and 10024", "in 5 days", "bye"], "10024", 2),
        (["/track_order 10023"], None, 0),
    ],
)
def test_the_order_named_last_is_found(lines: list[str], order: str | None, seen: int) -> None:
    told = {"lines": [{"id": 1, "author": "agent", "text": text} for text in lines]}
    told["lines"].append({"id": 2, "author": "contact", "text": "99999"})
    parser: Any = _Parser()
    assert asyncio.run(meanwhile.order_named(told, parser)) == order
    assert len(parser.seen) == seen


def test_the_same_words_are_told_once() -> None:
    tracker = _tracker()
    _tell(tracker)
    more = {**TOLD, "lines": [*TOLD["lines"], {"id": 9, "author": "agent", "text": "Bye"}]}
    again = [event.text for event in _tell(tracker, more) if isinstance(event, BotUttered)]
    assert again == ["Bye"]


@pytest.mark.parametrize(
    "told", [None, "x", 7, [], {}, {"lines": "x"}, {"lines": [None, 7, {"author": "agent"}]}]
)
def test_a_wrong_shape_says_nothing(told: Any) -> None:
    assert not [e for e in _tell(_tracker(), told) if isinstance(e, BotUttered)]


def test_the_processor_takes_note_once_after_the_session_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def opened(processor: Any, sender_id: str) -> DialogueStateTracker:
        return _tracker(pending={"kind": "go"})

    monkeypatch.setattr(MessageProcessor, "fetch_tracker_and_update_session", opened)
    meanwhile.watch_processor()
    watched = MessageProcessor.fetch_tracker_and_update_session
    meanwhile.watch_processor()
    assert MessageProcessor.fetch_tracker_and_update_session is watched

    processor = MessageProcessor.__new__(MessageProcessor)
    processor.domain = DOMAIN
    parse = _Parser().parse_message
    monkeypatch.setattr(MessageProcessor, "parse_message", lambda _, message: parse(message))
    with turn.run(Turn("c", "m1", meanwhile=TOLD)):
        first = asyncio.run(watched(processor, "c"))
        second = asyncio.run(watched(processor, "c"))
    assert first.get_slot("last_handoff_summary") == "Kim was here"
    assert first.get_slot("pending") is None
    assert first.get_slot("order_number") == "10023"
    # Not again, neither at the same turn nor at another conversation's.
    assert second.get_slot("pending") == {"kind": "go"}
    with turn.run(Turn("another", "m1", meanwhile=TOLD)):
        other = asyncio.run(watched(processor, "c"))
    assert other.get_slot("pending") == {"kind": "go"}


def _user(name: str, confidence: float, **more: Any) -> dict[str, Any]:
    intent = {"name": name, "confidence": confidence}
    return {"event": "user", "parse_data": {"intent": intent, **more}}


def _bot(response: str, **metadata: Any) -> dict[str, Any]:
    return {"event": "bot", "text": response, "metadata": {"utter_action": response, **metadata}}


def test_a_persons_words_are_no_reply_of_the_bot() -> None:
    said = [_bot("utter_not_understood", agent="Kim"), _bot("utter_hello")]
    assert [reply["text"] for reply in replies_of(said)] == ["utter_hello"]
    reading = reading_of([*said, _user("greet", 0.9)])
    assert reading is not None
    assert reading["fallback"] is False


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [_user("greet", 0.9)],
            {"intent": "greet", "confidence": 0.9, "mood": None, "anger": 0.0},
        ),
        (
            [_user("complaint", 0.8, sentiment={"polarity": -0.8, "anger": 0.6})],
            {"mood": -0.8, "anger": 0.6},
        ),
        (
            [
                _user(
                    "nlu_fallback",
                    0.6,
                    intent_ranking=[
                        {"name": "nlu_fallback", "confidence": 0.6},
                        {"name": "greet", "confidence": 0.3},
                    ],
                ),
                _bot("utter_did_you_mean"),
            ],
            {"intent": "nlu_fallback", "confidence": 0.3, "fallback": True, "form": False},
        ),
        (
            [
                _user("inform", 0.3),
                {"event": "action", "name": "validate_refund_form"},
                {"event": "action", "name": "refund_form"},
                _user("track_order", 1.0),
            ],
            {"intent": "inform", "fallback": False, "form": True},
        ),
        ([_user("x", 1), {"event": "action", "name": "validate_x_form"}], {"form": False}),
    ],
)
def test_the_reading_is_of_the_customers_own_message(
    events: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    reading = reading_of(events)
    assert reading is not None
    assert {key: reading[key] for key in expected} == expected


def test_a_turn_without_a_message_has_no_reading() -> None:
    assert reading_of([]) is None
