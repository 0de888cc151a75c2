"""Every time zone there is, and when its clocks change, found by looking at them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

ZONES = sorted(available_timezones())
_WEEK, _MINUTE = timedelta(days=7), timedelta(minutes=1)
_SINCE, _UNTIL = datetime(1990, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

HISTORIC = (
    # Crossed the date line: a day was skipped or lived twice, at odd seconds.
    ("Asia/Manila", datetime(1844, 12, 31, 15, 56, 8, tzinfo=UTC)),
    ("America/Juneau", datetime(1867, 10, 19, 0, 31, 13, tzinfo=UTC)),
    ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, 0, tzinfo=UTC)),
)


CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """Return the moments, in UTC, at which the clocks of a zone changed in 40 years."""
    return tuple(_found(ZoneInfo(name)))


def _found(zone: ZoneInfo) -> Iterator[datetime]:
    at, before = _SINCE, _SINCE.astimezone(zone).utcoffset()
    while at < _UNTIL:
        after = (at + _WEEK).astimezone(zone).utcoffset()
        if after != before:
            yield _between(zone, at, before)
        at, before = at + _WEEK, after


def _between(zone: ZoneInfo, at: datetime, before: timedelta | None) -> datetime:
    low, high = 0, int(_WEEK.total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        same = (at + timedelta(seconds=middle)).astimezone(zone).utcoffset() == before
        low, high = (middle, high) if same else (low, middle)
    return at + timedelta(seconds=high)


@cache
def histories() -> dict[tuple[object, ...], list[str]]:
    """Return all zones by what their clocks did in those years: many have several names."""
    found: dict[tuple[object, ...], list[str]] = {}
    for name in ZONES:
        zone, moments = ZoneInfo(name), (_SINCE, *changes(name))
        history = tuple((at, at.astimezone(zone).utcoffset()) for at in moments)
        found.setdefault(history, []).append(name)
    return found


def kinds(name: str) -> tuple[datetime, ...]:
    """Return one change of each kind that a zone has: by how much, and when on the clock."""
    zone = ZoneInfo(name)
    found: dict[tuple[timedelta, str], datetime] = {}
    for at in changes(name):
        before, after = (wall(at + step, zone) for step in (-timedelta(seconds=1), timedelta()))
        found[after - before, f"{before:%H:%M}"] = at
    return tuple(found.values())


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Return moments, in UTC and whole minutes, from the beginning of a year to that of another."""
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (first, last))
    return st.integers(0, (end - start) // _MINUTE).map(lambda n: start + n * _MINUTE)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
