"""When the shop is open: weekly hours, holidays and days with other hours, in the shop's own zone."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

_LOOK_AHEAD = 400
"""Days after which a shop without an opening counts as closed for good; longer than any year."""


@dataclass(frozen=True)
class Span:
    """Hours of one day in local time; one that ends at or before its start ends on the next day."""

    opens: time
    closes: time


type Day = tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class Hours:
    """``week`` runs from Monday to Sunday; ``yearly`` is by (month, day), ``dates`` by date and stronger.

    On ``days_off`` nobody is there unless one of the two says otherwise.
    """

    zone: ZoneInfo
    week: tuple[Day, Day, Day, Day, Day, Day, Day]
    yearly: Mapping[tuple[int, int], Day] = field(default_factory=dict)
    dates: Mapping[date, Day] = field(default_factory=dict)
    days_off: Container[date] = frozenset()

    def on(self, day: date) -> Day:
        """Return the hours of a local date."""
        weekly = () if day in self.days_off else self.week[day.weekday()]
        return self.dates.get(day, self.yearly.get((day.month, day.day), weekly))


def is_open(at: datetime, hours: Hours) -> bool:
    """Say whether the shop is open at an aware time; it is no longer open at its closing time."""
    return any(opens <= at < closes for opens, closes in _openings(at, hours, days=1))


def next_opening(at: datetime, hours: Hours) -> datetime | None:
    """Return the first moment from ``at`` on when the shop is open, in UTC; None if it never is."""
    later = (opens for opens, closes in _openings(at, hours, days=_LOOK_AHEAD) if closes > at)
    opens = next(later, None)
    return None if opens is None else max(opens, at.astimezone(UTC))


def _openings(at: datetime, hours: Hours, *, days: int) -> Iterator[tuple[datetime, datetime]]:
    # Yesterday too: its hours may run past midnight.
    today = at.astimezone(hours.zone).date()
    for offset in range(-1, days + 1):
        day = today + timedelta(days=offset)
        for span in sorted(hours.on(day), key=lambda span: span.opens):
            last = day if span.closes > span.opens else day + timedelta(days=1)
            opens, closes = _utc(day, span.opens, hours), _utc(last, span.closes, hours)
            # Clocks that go forward can swallow a short span whole.
            if opens < closes:
                yield opens, closes


def _utc(day: date, local: time, hours: Hours) -> datetime:
    return datetime.combine(day, local, tzinfo=hours.zone).astimezone(UTC)


_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_TO = {"en": " to ", "zh": "至"}
_CLOSED = {"en": " closed", "zh": "休息"}
_COMMA = {"en": ", ", "zh": "，"}
_AND = {"en": " and ", "zh": "和"}


def describe_week(hours: Hours, language: str) -> str:
    """Return the weekly hours as text: ``Monday to Friday 9:00-18:00, Saturday and Sunday closed``."""
    parts = []
    for spans, group in groupby(range(7), key=lambda day: hours.week[day]):
        days = list(group)
        times = _AND[language].join(_describe(span) for span in spans)
        parts.append(
            _describe_days(days, language) + (f" {times}" if times else _CLOSED[language])
        )
    return _COMMA[language].join(parts)


def _describe_days(days: list[int], language: str) -> str:
    names = [_DAYS[language][day] for day in days]
    if len(names) < 3:
        return _AND[language].join(names)
    return f"{names[0]}{_TO[language]}{names[-1]}"


def _describe(span: Span) -> str:
    closes = "24:00" if span.closes == time(0) else f"{span.closes:%-H:%M}"
    return f"{span.opens:%-H:%M}–{closes}"
