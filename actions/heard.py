"""A customer's message with everything around it, read once from Rasa's tracker."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rasa_sdk.interfaces import Tracker

_SILENT = frozenset({"action_listen", "action_extract_slots", "action_session_start"})
"""Actions that say nothing to the customer."""


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A value found in the text, or carried by a button."""

    name: str
    value: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The latest message, the slots, and what happened since the message before it."""

    conversation_id: str = ""
    message_id: str = ""
    text: str = ""
    intent: str = ""
    confidence: float = 1.0
    ranking: tuple[tuple[str, float], ...] = ()
    entities: tuple[Entity, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    active_form: str | None = None
    done_now: tuple[str, ...] = ()
    """Actions run since this message."""
    said_before: tuple[str, ...] = ()
    """Actions that answered the message before this one."""
    done_since_pending: tuple[str, ...] = ()
    """Actions run since ``pending`` was set last."""
    before_at: datetime | None = None
    """When the assistant read the message before this one."""

    @property
    def language(self) -> str:
        """``en`` or ``zh``."""
        return "zh" if self.slots.get("language") == "zh" else "en"

    @property
    def is_button(self) -> bool:
        """Say whether a button was pressed; typed text never begins with a slash here."""
        return self.text.startswith("/")

    def values(self, *names: str) -> tuple[str, ...]:
        """Return the values of these entities in the order of the text."""
        return tuple(entity.value for entity in self.entities if entity.name in names)

    def value(self, *names: str) -> str | None:
        """Return the first value of these entities."""
        return next(iter(self.values(*names)), None)

    def key(self, action: str, n: int = 0) -> str:
        """Return the idempotency key of an effect: the same when the same message is tried again."""
        return f"{self.message_id}:{action}" + (f":{n}" if n else "")


def read(tracker: Tracker) -> Heard:
    """Read the tracker."""
    latest = tracker.latest_message
    intent = latest.get("intent") or {}
    events = tracker.events
    here = next(iter(_users(events, typed=False)), len(events))
    typed = _users(events, typed=True)
    began = typed[0] if typed else len(events)
    before = typed[1] if len(typed) > 1 else None
    return Heard(
        conversation_id=tracker.sender_id,
        message_id=_message_id(events),
        text=str(latest.get("text") or "").strip(),
        intent=str(intent.get("name") or ""),
        confidence=float(intent.get("confidence") or 0.0),
        ranking=_ranking(latest.get("intent_ranking") or ()),
        entities=_entities(latest.get("entities") or ()),
        slots=dict(tracker.slots),
        active_form=(tracker.active_loop or {}).get("name"),
        done_now=_actions(events[here:]),
        said_before=_actions(events[before or 0 : began]),
        done_since_pending=_actions(events[_set_last("pending", events) :]),
        before_at=None if before is None else _time(events[before]),
    )


def started_now(tracker: Tracker, form: str) -> bool:
    """Say whether the form was started by the latest message and not before it."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "active_loop":
            return bool(event.get("name") == form)
    return False


def _users(events: Sequence[Mapping[str, Any]], *, typed: bool) -> list[int]:
    """Return where messages stand, the latest first; ``typed`` leaves out what an action went on with."""
    return [
        index
        for index in range(len(events) - 1, -1, -1)
        if events[index].get("event") == "user"
        and (not typed or (events[index].get("metadata") or {}).get("message_id"))
    ]


def _message_id(events: Iterable[Mapping[str, Any]]) -> str:
    # A turn that an action continues in the customer's name (see actions/again.py) has no id of its own.
    fallback = ""
    for event in reversed(list(events)):
        if event.get("event") != "user":
            continue
        given = (event.get("metadata") or {}).get("message_id")
        if given:
            return str(given)
        fallback = fallback or str(event.get("message_id") or "")
    return fallback


def _time(event: Mapping[str, Any]) -> datetime | None:
    at = event.get("timestamp")
    return datetime.fromtimestamp(at, UTC) if at else None


def _actions(events: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    names = (str(event.get("name")) for event in events if event.get("event") == "action")
    return tuple(name for name in names if name not in _SILENT)


def _set_last(slot: str, events: Sequence[Mapping[str, Any]]) -> int:
    for index in range(len(events) - 1, -1, -1):
        if events[index].get("event") == "slot" and events[index].get("name") == slot:
            return index
    return len(events)


def _ranking(found: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((str(one["name"]), float(one["confidence"])) for one in found)


def _entities(found: Iterable[Mapping[str, Any]]) -> tuple[Entity, ...]:
    entities = (
        Entity(
            name=str(one["entity"]),
            value=str(one["value"]),
            start=int(one.get("start") or 0),
            end=int(one.get("end") or 0),
        )
        for one in found
        if one.get("value") is not None
    )
    return tuple(sorted(entities, key=lambda entity: entity.start))
