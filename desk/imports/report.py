"""What comes of an import."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 10_000
"""Rejections that a report keeps in memory; all of them go to whoever listens, and into the database."""

type Progress = Callable[[int], None]
"""Called after each batch with the number of records read so far."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A record that was left out. ``line`` is its line in the file, or its place from 1 on in a list."""

    line: int
    reason: str


type OnRejected = Callable[[Rejection], None]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came of an import; ``unchanged`` is None where it is not told from updated.

    ``cleaned`` counts by kind what was left out of records or, for duplicates, left out whole; ``missing`` counts
    by column what was not there. ``resumed_at`` is the number of records that an earlier run had done.
    """

    kind: str
    read: int
    created: int
    updated: int
    unchanged: int | None
    rejected: tuple[Rejection, ...]
    rejected_count: int
    cleaned: Mapping[str, int]
    missing: Mapping[str, int]
    resumed_at: int = 0

    @property
    def accepted(self) -> int:
        """How many records are now as they were sent."""
        return self.created + self.updated + (self.unchanged or 0)


@dataclass(kw_only=True)
class Tally:
    """The figures of an import under way."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    cleaned: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON keeps them."""
        counted = {name: dict(getattr(self, name)) for name in ("cleaned", "missing")}
        return {name: getattr(self, name) for name in _NUMBERS} | counted

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> "Tally":
        """Return figures that were kept."""
        found = cls(cleaned=Counter(counts.get("cleaned")), missing=Counter(counts.get("missing")))
        for name in _NUMBERS:
            setattr(found, name, int(counts.get(name, 0)))
        return found


_NUMBERS = ("read", "created", "updated", "unchanged", "rejected")
