"""Days, weeks and months of a zone, as boundaries in milliseconds. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics.reports.business import at, ms
from desk.errors import InvalidError

STEPS = ("day", "week", "month")
_MOST = 1_500
"""Pieces of one report."""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone, or raise InvalidError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(f"{name!r} is no time zone such as Asia/Shanghai") from error


def step_of(since: datetime, until: datetime) -> str:
    """Return the step in which a time is looked at: no more than some fifty pieces."""
    days = (until - since) / timedelta(days=1)
    return "day" if days <= 45 else "week" if days <= 200 else "month"


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a local date, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def pieces(start: int, end: int, step: str, zone: ZoneInfo) -> list[tuple[str, int]]:
    """Return the name and the first moment of each piece that touches ``[start, end)``, in order.

    A day is named ``2026-03-02``, a week by its Monday, a month ``2026-03``.

    Raises:
        InvalidError: there would be more than 1,500.
    """
    if end <= start:
        return []
    first, last = _first(at(start).astimezone(zone).date(), step), at(end - 1).astimezone(zone)
    found: list[tuple[str, int]] = []
    for day in _days(first, step):
        if day > last.date():
            break
        if len(found) == _MOST:
            raise InvalidError(f"more than {_MOST} pieces: choose a larger step or a shorter time")
        name = f"{day:%Y-%m}" if step == "month" else day.isoformat()
        found.append((name, max(start, ms(begin_of(day, zone)))))
    return found


def _first(day: date, step: str) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _days(day: date, step: str) -> Iterator[date]:
    while True:
        yield day
        if step == "month":
            day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            day += timedelta(days=7 if step == "week" else 1)
