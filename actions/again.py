"""Going on as if the customer had pressed a button: a typed "yes" does exactly what the button does."""

import json
from collections.abc import Mapping

from rasa_sdk.events import ActionExecuted, EventType, UserUttered


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
    found = [
        {"entity": name, "value": value, "start": 0, "end": 0} for name, value in entities.items()
    ]
    parsed = {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": found}
    return [ActionExecuted("action_listen"), UserUttered(text, parse_data=parsed)]
