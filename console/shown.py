"""Values as people read them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from console.words import has, say
from desk.conversations.desk_model import Line

_BEFORE, _EXCERPT = 20, 200
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def age(since: datetime, now: datetime, language: str) -> str:
    """Return how long ago something was, in one unit."""
    passed = max(now - since, timedelta())
    if passed < _MINUTE:
        return say("age.now", language)
    unit, name = next(
        (unit, name)
        for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes"))
        if passed >= unit
    )
    return say(f"age.{name}", language, n=passed // unit)


def waited(since: datetime, now: datetime, language: str) -> str:
    """Return how long somebody has waited; the first minute has a name of its own."""
    if now - since < _MINUTE:
        return say("age.short", language)
    return age(since, now, language)


def size(count: int) -> str:
    """Return a number of bytes, such as ``12 kB``."""
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1_000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as a percentage, a dash when there is none."""
    return "–" if share is None else f"{share * 100:.0f}%"


def name_of(line: Line, language: str) -> str:
    """Return what to call a contact: their name, else a visitor with the end of their handle."""
    return line.name or say("visitor", language, tag=line.thread[-4:].upper())


def marked(text: str, words: Sequence[str]) -> Markup:
    """Return a text from shortly before the first of the words, escaped, with all of them marked."""
    if not words:
        return escape(text)
    found = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    first = found.search(text)
    start = max(0, first.start() - _BEFORE) if first else 0
    rest, parts, end = text[start : start + _EXCERPT], [escape("…" if start else "")], 0
    for match in found.finditer(rest):
        parts += [escape(rest[end : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(rest[end:])])


def version(regions: Mapping[str, str]) -> str:
    """Return a short name for what a page shows now; it changes when a region does."""
    return hashlib.sha256(json.dumps(regions, sort_keys=True).encode()).hexdigest()[:16]


def word(kind: str, key: str, language: str) -> str:
    """Return the words for a value that others may add to; one without words stands for itself."""
    full = f"{kind}.{key}"
    return say(full, language) if has(full) else key
