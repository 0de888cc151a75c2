"""How much business time passes between two moments, quickly: a span for every answer of a year asks it."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from desk.calendars.model import Calendar
from desk.calendars.timing import openings

type Business = Callable[[int, int], int]
"""Takes two times in milliseconds since 1970, returns the business time between them in milliseconds."""

_WEEK = 7 * 24 * 3600 * 1000


@dataclass(frozen=True)
class _Week:
    """The openings of seven days; ``sums[i]`` is what the first ``i`` of them last."""

    opens: list[int]
    closes: list[int]
    sums: list[int]

    def until(self, at: int) -> int:
        """Return the business time from the beginning of the week to a moment."""
        index = bisect_right(self.opens, at)
        if not index:
            return 0
        return self.sums[index - 1] + min(at, self.closes[index - 1]) - self.opens[index - 1]


def business_of(calendar: Calendar) -> Business:
    """Return the business time of a calendar; each week is worked out once."""
    weeks: dict[int, _Week] = {}

    def week(number: int) -> _Week:
        if number not in weeks:
            start = datetime.fromtimestamp(number * _WEEK // 1000, UTC)
            found = openings(calendar, start, start + timedelta(days=7))
            opens, closes = [ms(a) for a, _ in found], [ms(b) for _, b in found]
            lengths = (b - a for a, b in zip(opens, closes, strict=True))
            weeks[number] = _Week(opens, closes, list(accumulate(lengths, initial=0)))
        return weeks[number]

    def between(start: int, end: int) -> int:
        if end <= start:
            return 0
        first, last = start // _WEEK, end // _WEEK
        whole = sum(week(number).sums[-1] for number in range(first, last))
        return whole + week(last).until(end) - week(first).until(start)

    return between


def ms(at: datetime) -> int:
    """Return an aware time as milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def at(milliseconds: int) -> datetime:
    """Return milliseconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
