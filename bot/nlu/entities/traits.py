"""What kinds of characters a text has, so that patterns that cannot fit are not tried."""

from __future__ import annotations

import re

# Plain texts: looking up a member of an Enum costs more than trying a pattern.
DIGIT, LATIN, HAN = "digit", "latin", "han"

_SIGNS = (
    (DIGIT, re.compile("[0-9]")),
    (LATIN, re.compile("[A-Za-z]")),
    (HAN, re.compile("[\u3007\u4e00-\u9fff]")),
)


def traits_of(text: str) -> set[str]:
    """Which of `DIGIT`, `LATIN` and `HAN` a folded text has."""
    return {trait for trait, sign in _SIGNS if sign.search(text)}
