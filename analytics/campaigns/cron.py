"""The days on which a campaign is repeated, as the five fields of cron: minute, hour, day of month, month, weekday.

Pure. A campaign goes out at most once on a date, so minute and hour are one number each. Weekdays count as everywhere
but in APScheduler: 0 and 7 are Sunday. With both a day of the month and a weekday, either will do, unless one of them
begins with ``*``, as cron has it; ``L`` is the last day of a month.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache

from desk.errors import InvalidError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
HORIZON = timedelta(days=41 * 366)
"""Whatever comes again at all comes within it: a 29 February on one weekday takes 40 years over 2100."""

_PART = re.compile(r"(?:(\*)|([a-z]+|\d{1,2})(?:-([a-z]+|\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)
_SAMPLE = date(2080, 1, 1)
_LAST = "l"


@dataclass(frozen=True)
class Days:
    """Days of the month, months and weekdays (0 is Sunday). ``either``: the day or the weekday is enough."""

    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool = False
    either: bool = False

    def on(self, day: date) -> bool:
        """Say whether a date is one of them."""
        if day.month not in self.months:
            return False
        last = self.last_day and day.day == monthrange(day.year, day.month)[1]
        fits = (last or day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return any(fits) if self.either else all(fits)


@dataclass(frozen=True)
class Cron:
    """On which days, and when."""

    at: time
    days: Days


@cache
def parse(text: str) -> Cron:
    """Return five fields as what they mean, or raise InvalidError with the field and what to write."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise InvalidError(
            f"{text!r:.60} has {len(fields)} fields; write minute, hour, day of month, month and weekday, "
            'such as "0 9 * * mon" for every Monday at 09:00'
        )
    at = time(_one("hour", fields[1], 23), _one("minute", fields[0], 59))
    days = _days(*fields[2:])
    if not any(days.on(_SAMPLE + timedelta(days=n)) for n in range(HORIZON.days)):
        raise InvalidError(f"{text!r:.60} never happens: there is no such day")
    return Cron(at, days)


def _one(field: str, text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or int(text) > most:
        raise InvalidError(
            f"{field}: {text!r:.40} is not one number from 0 to {most}; "
            "a campaign goes out at most once a day"
        )
    return int(text)


def _days(of_month: str, month: str, weekday: str) -> Days:
    parts = of_month.split(",")
    days = ",".join(part for part in parts if part != _LAST)
    return Days(
        days=_values("day of month", days, 1, 31, {}) if days else frozenset(),
        months=_values("month", month, 1, 12, {name: n for n, name in enumerate(MONTHS, 1)}),
        weekdays=frozenset(
            value % 7
            for value in _values("weekday", weekday, 0, 7, {d: n for n, d in enumerate(WEEKDAYS)})
        ),
        last_day=_LAST in parts,
        either=not of_month.startswith("*") and not weekday.startswith("*"),
    )


def _values(
    field: str, text: str, low: int, high: int, names: Mapping[str, int]
) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise InvalidError(f"{field}: {part!r:.40} is not such as *, 1, 1-5, */2 or 1,15")
        star, first, last, step = match.groups()
        begin = low if star else _value(field, first, low, high, names)
        # A single number with a step goes on to the end, as cron has it.
        end = _value(field, last, low, high, names) if last else high if star or step else begin
        if end == 0 < begin and WEEKDAYS[0] in names:
            end = high  # Friday to Sunday
        if begin > end:
            raise InvalidError(f"{field}: {part!r:.40} ends before it begins")
        if step and int(step) == 0:
            raise InvalidError(f"{field}: {part!r:.40} has a step of 0")
        found |= set(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _value(field: str, text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    value = names.get(text, int(text) if text.isdigit() else -1)
    if not low <= value <= high:
        known = f" or a name such as {next(iter(names))}" if names else ""
        raise InvalidError(f"{field}: {text!r:.40} is no number from {low} to {high}{known}")
    return value
