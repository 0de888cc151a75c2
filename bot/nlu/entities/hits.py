"""What a finder reports, and which of overlapping reports stands."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple


class Rank(IntEnum):
    """Who wins between two equally long hits; the lower one."""

    NEVER = 0
    """Certainly something else: a web address, a rating, a card number."""
    EMAIL = 1
    DATE = 2
    MONEY = 3
    PATTERN = 4
    PHONE = 5
    LOOKUP = 6
    PERHAPS_NOT = 7
    """Something else unless an entity is just as long: 3.14, 90210-1234."""


class Hit(NamedTuple):
    """A span of the text that means something; `entity` None marks what must not be taken for an entity."""

    start: int
    end: int
    rank: Rank
    entity: str | None = None
    value: str = ""
    details: dict[str, Any] = {}  # noqa: RUF012 - never changed


def standing(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that no longer one overlaps, in order of the text; of equals the lower rank, then the earlier."""
    by_strength = sorted(
        hits, key=lambda hit: (hit.start - hit.end, hit.rank, hit.start, hit.entity or "")
    )
    if len(by_strength) == 1:
        return [hit for hit in by_strength if hit.entity is not None]
    kept: list[Hit] = []
    starts: list[int] = []
    for hit in by_strength:
        place = bisect(starts, hit.start)
        is_free = (place == 0 or kept[place - 1].end <= hit.start) and (
            place == len(kept) or kept[place].start >= hit.end
        )
        if is_free and hit.end > hit.start:
            starts.insert(place, hit.start)
            kept.insert(place, hit)
    return [hit for hit in kept if hit.entity is not None]
