"""Going on as if the customer had pressed a button: a typed "yes" does exactly what the button does."""

import json
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import ActionExecuted, EventType, UserUttered

from actions.heard import Heard


def payload(intent: str, entities: Mapping[str, str] | None = None) -> str:
    """Return what a button sends: ``/track_order{"order_number": "10023"}``."""
    return f"/{intent}" + (json.dumps(dict(entities), ensure_ascii=False) if entities else "")


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return the intent and the entities of a payload."""
    intent, brace, rest = text.removeprefix("/").partition("{")
    return intent, json.loads(brace + rest) if brace else {}


def again(text: str) -> list[EventType]:
    """Return the events that end this turn's part and begin one with the payload ``text``."""
    intent, entities = split(text)
    return _heard_as(text, intent, [_entity(name, value) for name, value in entities.items()])


def taken_as(intent: str, heard: Heard) -> list[EventType]:
    """Return the events that begin the turn once more with the same words and another intent."""
    found = [_entity(one.name, one.value, one.start, one.end) for one in heard.entities]
    return _heard_as(heard.text, intent, found)


def _heard_as(text: str, intent: str, entities: list[dict[str, Any]]) -> list[EventType]:
    parsed = {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": entities}
    return [ActionExecuted("action_listen"), UserUttered(text, parse_data=parsed)]


def _entity(name: str, value: str, start: int = 0, end: int = 0) -> dict[str, Any]:
    return {"entity": name, "value": value, "start": start, "end": end}
