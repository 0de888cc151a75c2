"""Arithmetic in business time, exact over changes of the clocks. Pure.

A moment is open when the clock on the wall shows opening hours: an hour that the clocks skip is nobody's, one that
they repeat is worked twice, as people do.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from desk.calendars.model import Calendar, NeverOpenError

_DAY = timedelta(days=1)
_STEP = timedelta(days=7)
"""How far is looked at once."""
_PATIENCE = timedelta(days=400)
"""After so long without an opening a calendar counts as closed for good; longer than any year."""
_PROBE = timedelta(hours=12)
"""No zone changes its clocks there and back within it."""

type Opening = tuple[datetime, datetime]
"""From a moment up to another, both in UTC; open at the first, no longer at the second."""


def add(calendar: Calendar, start: datetime, duration: timedelta) -> datetime:
    """Return the first moment, in UTC, at which so much business time has passed since ``start``.

    At the end of a day's work that is closing time, not the next opening.

    Raises:
        NeverOpenError: the calendar does not open any more.
        ValueError: the duration is negative.
    """
    if duration < timedelta():
        raise ValueError("business time is added, never taken away")
    at, last_seen = start.astimezone(UTC), start.astimezone(UTC)
    while duration:
        for opens, closes in openings(calendar, at, at + _STEP):
            if duration <= closes - opens:
                return opens + duration
            duration -= closes - opens
            last_seen = closes
        at += _STEP
        if at - last_seen > _PATIENCE:
            raise NeverOpenError
    return at


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return the business time from one moment to another; nothing when the second is not the later one."""
    # In one zone two times are compared by the clock on the wall, which may go back.
    begins, ends = start.astimezone(UTC), end.astimezone(UTC)
    if ends <= begins:
        return timedelta()
    spans = openings(calendar, begins, ends)
    return sum((closes - opens for opens, closes in spans), timedelta())


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Say whether somebody is at work; not any more at closing time."""
    moment = at.astimezone(UTC)
    return any(openings(calendar, moment, moment + timedelta(microseconds=1)))


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """Return the first moment from ``at`` on when somebody is at work, or raise NeverOpenError."""
    return add(calendar, at, timedelta(microseconds=1)) - timedelta(microseconds=1)


def openings(calendar: Calendar, start: datetime, end: datetime) -> list[Opening]:
    """Return the openings between two moments in UTC, cut to them, in order, none touching another."""
    first, last = (at.astimezone(calendar.zone).date() for at in (start, end))
    found = []
    # Yesterday's hours may run past midnight, and clocks put back over midnight may show tomorrow first.
    for offset in range(-1, (last - first).days + 2):
        for opens, closes in _on(calendar, first + offset * _DAY):
            opens, closes = max(opens, start), min(closes, end)
            if opens < closes:
                found.append((opens, closes))
    return list(_joined(sorted(found)))


def _joined(found: list[Opening]) -> Iterator[Opening]:
    waiting: Opening | None = None
    for opens, closes in found:
        if waiting is None:
            waiting = opens, closes
        elif opens <= waiting[1]:
            waiting = waiting[0], max(waiting[1], closes)
        else:
            yield waiting
            waiting = opens, closes
    if waiting is not None:
        yield waiting


def _on(calendar: Calendar, day: date) -> Iterator[Opening]:
    for span in calendar.on(day):
        last = day if span.closes > span.opens else day + _DAY
        # Naive on purpose: what the clock on the wall shows; each piece says what that is in UTC.
        opens, closes = datetime.combine(day, span.opens), datetime.combine(last, span.closes)
        for begins, ends, offset in _pieces(calendar.zone, day):
            start = max((opens - offset).replace(tzinfo=UTC), begins)
            end = min((closes - offset).replace(tzinfo=UTC), ends)
            if start < end:
                yield start, end


@lru_cache(maxsize=4096)
def _pieces(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Return the stretches of time around a day and the next in which the clocks stay as they are."""
    start = datetime.combine(day, datetime.min.time(), tzinfo=UTC) - _DAY
    probes = [start + number * _PROBE for number in range(9)]
    pieces, begins = [], probes[0]
    for earlier, later in itertools.pairwise(probes):
        if _offset(zone, earlier) != _offset(zone, later):
            change = _change(zone, earlier, later)
            pieces.append((begins, change, _offset(zone, earlier)))
            begins = change
    return (*pieces, (begins, probes[-1], _offset(zone, probes[-1])))


def _change(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """Return the second at which the clocks change between two moments."""
    before, low, high = _offset(zone, earlier), 0, round((later - earlier).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, earlier + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return earlier + timedelta(seconds=high)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
