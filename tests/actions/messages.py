"""Messages as Rasa hands them over, with the entities that the project's own patterns find."""

from collections.abc import Mapping
from typing import Any

from actions.heard import Entity, Heard
from tests.bot.test_entity_patterns import spans


def heard(
    text: str,
    intent: str = "inform",
    confidence: float = 0.9,
    *,
    carried: Mapping[str, str] | None = None,
    **around: Any,
) -> Heard:
    """Return a message; ``carried`` are a button's entities, ``around`` anything else that Heard holds."""
    found = () if text.startswith("/") else spans(text)
    entities = [
        Entity(name=name, value=text[start:end], start=start, end=end)
        for start, end, name in found
    ]
    entities += [Entity(name=name, value=value) for name, value in (carried or {}).items()]
    return Heard(
        conversation_id="c1",
        message_id="m1",
        text=text,
        intent=intent,
        confidence=confidence,
        entities=tuple(entities),
        **around,
    )
