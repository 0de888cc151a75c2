"""Anger that shows in how something is written: capitals and heaps of punctuation."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[^\W\d_]{2,}(?![^\s.,!?]*\d)")
_HEAPS = re.compile(r"[!！]{2,}|[?？]{3,}|(?:[!！][?？]|[?？][!！])")

CAPITALS = 0.5
HEAP = 0.3
LONG_HEAP = 0.4


def shouting(text: str) -> tuple[float, ...]:
    """The anger of each cue; short words in capitals ("OK", "FD-10023", "XL") are none."""
    cues: list[float] = []
    if not text.islower() and text.upper() != text.lower():
        words = [word for word in _WORDS.findall(text) if word.upper() != word.lower()]
        loud = [word for word in words if word.isupper()]
        if len(loud) >= 3 and len(loud) >= 0.7 * len(words) and sum(map(len, loud)) >= 9:
            cues.append(CAPITALS)
    heap = _HEAPS.search(text)
    if heap:
        cues.append(LONG_HEAP if len(heap.group()) > 2 else HEAP)
    return tuple(cues)
