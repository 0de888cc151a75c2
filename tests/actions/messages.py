"""Messages as Rasa hands them over, with the entities that the project's own patterns find."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actions.heard import Entity, Heard

_PATTERNS = Path(__file__).resolve().parents[2] / "data/nlu/entities.yml"
# What bot.nlu.PatternEntities finds by itself, as plainly as the tests here need it.
_OWN = {
    "email": r"[0-9A-Za-z_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "phone": r"(?<![0-9A-Za-z_-])\+?\d[\d ]{5,15}\d(?!\d)",
}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    blocks = yaml.safe_load(_PATTERNS.read_text(encoding="utf-8"))["nlu"]
    lines = [
        (block["regex"], line.removeprefix("- "))
        for block in blocks
        if "regex" in block
        for line in block["examples"].splitlines()
    ]
    return tuple((name, re.compile(line, re.IGNORECASE)) for name, line in [*lines, *_OWN.items()])


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of the entities; of overlapping ones the longest stands."""
    hits = [(*hit.span(), name) for name, pattern in _patterns() for hit in pattern.finditer(text)]
    taken: list[tuple[int, int, str]] = []
    for hit in sorted(hits, key=lambda hit: hit[0] - hit[1]):
        if all(hit[1] <= start or end <= hit[0] for start, end, _ in taken):
            taken.append(hit)
    yield from sorted(taken)


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
