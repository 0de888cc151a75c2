"""Days, weeks, months and years counted from a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple, Optional

DAY = timedelta(days=1)


class Span(NamedTuple):
    """From a day to a day, both included, and how exact it was said: `day`, `week`, `month` or `year`."""

    first: date
    last: date
    grain: str = "day"


Meaning = Callable[["re.Match[str]", datetime, str], Optional[Span]]
"""What a match means, given the time of the message and `MDY` or `DMY`; None for a day that does not exist."""
Forms = list[tuple[str, Meaning]]


def day(when: date) -> Span:
    """One day."""
    return Span(when, when)


def week(today: date, weeks: int) -> Span:
    """The week (Monday to Sunday) that many weeks from this one."""
    first = today - today.weekday() * DAY + weeks * 7 * DAY
    return Span(first, first + 6 * DAY, "week")


def weekend(today: date, weeks: int) -> Span:
    """Saturday and Sunday of a week."""
    last = week(today, weeks).last
    return Span(last - DAY, last, "weekend")


def weekday(today: date, number: int, weeks: int) -> Span:
    """A day (Monday is 0) of the week that many weeks from this one."""
    return day(week(today, weeks).first + number * DAY)


def month(year: int, number: int) -> Span:
    """A month; numbers beyond 1 to 12 lead into the years around."""
    first = date(year + (number - 1) // 12, (number - 1) % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Span(first, following - DAY, "month")


def year(number: int) -> Span:
    """A year."""
    return Span(date(number, 1, 1), date(number, 12, 31), "year")


def months_from(today: date, months: int) -> date:
    """The same day of another month, or its last if it is shorter."""
    span = month(today.year, today.month + months)
    return min(span.first + (today.day - 1) * DAY, span.last)


def nearest(candidates: list[date | None], today: date) -> date | None:
    """The existing day closest to today; of two equally close ones the later."""
    days = [one for one in candidates if one is not None]
    return min(days, key=lambda one: (abs(one - today), today - one), default=None)


def valid(year: int, month: int, day: int) -> date | None:
    """The day, or None if there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def day_of_year(today: date, month: int, day: int) -> date | None:
    """A day without its year: the one closest to today."""
    years = range(max(today.year - 1, date.min.year), min(today.year + 1, date.max.year) + 1)
    return nearest([valid(one, month, day) for one in years], today)


def day_of_month(today: date, day: int) -> date | None:
    """A day without its month: the one closest to today."""
    around = [month(today.year, today.month + step).first for step in (-1, 0, 1)]
    return nearest([valid(one.year, one.month, day) for one in around], today)
