"""E-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.entities.hits import Hit, Rank

_EMAIL = re.compile(
    r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z_][0-9A-Za-z._%+-]{0,63}"
    r"@[0-9A-Za-z-]{1,63}(?:\.[0-9A-Za-z-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![0-9A-Za-z@])"
)


def find(text: str) -> Iterator[Hit]:
    """Every address in a folded text, the value in lower case."""
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield Hit(found.start(), found.end(), Rank.EMAIL, "email", found[0].lower())
