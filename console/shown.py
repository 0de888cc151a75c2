"""Values as people read them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from markupsafe import Markup, escape

from console.words import has, say

_BEFORE, _EXCERPT = 20, 200
_LONGEST_VERSION = 400
_LONGEST_HANDLE = 28
_RULE = "rule: "
"""So begins the name under which a rule of automation does something."""
_MADE_UP = re.compile(r"[0-9a-f]{24,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
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


def left(until: datetime, now: datetime, language: str) -> str:
    """Return how much time is left, or how late it is."""
    key = "wait.left" if until > now else "wait.late"
    span = abs(until - now)
    return say(key, language, age=waited(now - span, now, language))


def money(sums: Sequence[tuple[str, int]]) -> str:
    """Return sums in cents by currency, such as ``120.50 EUR``."""
    return ", ".join(f"{cents / 100:,.2f} {currency}" for currency, cents in sums)


def size(count: int) -> str:
    """Return a number of bytes, such as ``12 kB``."""
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1_000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as a percentage, a dash when there is none."""
    return "–" if share is None else f"{share * 100:.0f}%"


class Named(Protocol):
    """Somebody with a name, or at least a thread."""

    @property
    def name(self) -> str | None:
        """The name, if it is known."""

    @property
    def thread(self) -> str:
        """What the channel calls their conversation."""


def name_of(line: Named, language: str) -> str:
    """Return what to call a contact: their name, else a visitor with the end of their handle."""
    return line.name or say("visitor", language, tag=line.thread[-4:].upper())


def by_of(author: str, name: str | None, language: str) -> str:
    """Return who did something: their name; of a rule, that it was one; else what kind of author."""
    if not name:
        return say(f"author.{author}", language)
    if author == "system" or name.startswith(_RULE):
        return say("author.rule", language, name=name.removeprefix(_RULE))
    return name


def handle_of(external_id: str, language: str) -> str:
    """Return what somebody is called on a channel; of an id that a program made up its end, for people."""
    if _MADE_UP.fullmatch(external_id):
        return say("visitor", language, tag=external_id[-4:].upper())
    return ending(external_id, _LONGEST_HANDLE)


def ending(text: str, most: int) -> str:
    """Return a handle's end, which tells it from others, where all of it would be too long."""
    return text if len(text) <= most else f"…{text[1 - most :]}"


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


def digests_of(regions: Mapping[str, str]) -> dict[str, str]:
    """Return for each region a short name of what it shows now."""
    return {name: hashlib.sha256(text.encode()).hexdigest()[:10] for name, text in regions.items()}


def joined(known: Mapping[str, str]) -> str:
    """Return short names of regions as one word, which pages send back; :func:`digests` reads it."""
    return "_".join(f"{name}_{digest}" for name, digest in sorted(known.items()))


def digests(version: str) -> dict[str, str]:
    """Return what a page says it shows."""
    return dict(re.findall(r"([a-z]+)_([0-9a-f]{10})", version[:_LONGEST_VERSION]))


def version(regions: Mapping[str, str]) -> str:
    """Return a short name for what a page shows now; it changes when a region does."""
    return joined(digests_of(regions))


def fresh(regions: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the regions that a page does not show as they are now."""
    now = digests_of(regions)
    return {name: text for name, text in regions.items() if known.get(name) != now[name]}


def word(kind: str, key: str, language: str) -> str:
    """Return the words for a value that others may add to; one without words stands for itself."""
    full = f"{kind}.{key}"
    return say(full, language) if has(full) else key
