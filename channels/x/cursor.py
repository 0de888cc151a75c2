"""How far X's lists are read; kept as text between polls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from channels.x.ids import id_at, span

log = structlog.get_logger()

_OVERLAP = timedelta(seconds=10)
"""X's ids are in order to about a second: what shows up late is still found in this stretch before the newest."""


@dataclass
class Mark:
    """All up to ``below`` is read, and of what is above it ``seen``; ``at`` is when that was."""

    below: int
    at: datetime
    seen: list[int] = field(default_factory=list)

    def is_new(self, number: int) -> bool:
        """Return whether an item was not read yet."""
        return number > self.below and number not in self.seen

    def move(self, found: Sequence[int], now: datetime) -> None:
        """Note what was read."""
        self.at = now
        newest = max([*found, *self.seen], default=None)
        if newest is None:
            return
        self.below = max(self.below, newest - span(_OVERLAP))
        self.seen = sorted(number for number in {*found, *self.seen} if number > self.below)


@dataclass
class Cursor:
    """How far each list is read, and what the day has cost; ``cost`` is that of this poll and not kept."""

    marks: dict[str, Mark]
    day: str = ""
    micros: int = 0
    cost: int = 0

    @classmethod
    def of(
        cls, text: str | None, start: datetime, names: Sequence[str], now: datetime
    ) -> "Cursor":
        """Return a cursor from its text; for none, or one that is no cursor, one that begins at ``start``."""
        marks = {name: Mark(id_at(start), now) for name in names}
        try:
            plain = json.loads(text or "{}")
            for name in marks.keys() & plain.get("marks", {}).keys():
                below, at, *seen = map(int, plain["marks"][name])
                marks[name] = Mark(below, datetime.fromtimestamp(at, UTC), seen)
            return cls(marks, str(plain.get("day", "")), int(plain.get("micros", 0)))
        except (ValueError, TypeError, AttributeError, OverflowError, OSError):
            log.error("x_cursor_unreadable")
            return cls({name: Mark(id_at(start), now) for name in names})

    def text(self) -> str:
        """Return the text to keep."""
        marks = {
            name: [mark.below, int(mark.at.timestamp()), *mark.seen]
            for name, mark in self.marks.items()
        }
        return json.dumps({"marks": marks, "day": self.day, "micros": self.micros})
