"""Which moment a clock on a wall means. Pure.

A time that the clocks skip is the first moment after it, one that they repeat is the first of both; a date that a
zone skipped, as Samoa did with 2011-12-30, has no moments.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from desk.errors import InvalidError

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

FIRST = ZoneInfo("Etc/GMT-14")
LAST = ZoneInfo("Etc/GMT+12")
"""Where on earth a date begins first and last."""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone, or raise InvalidError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidError(f"{name!r:.60} is no time zone such as Asia/Shanghai") from error


@lru_cache(maxsize=8_192)
def moment(day: date, clock: time, zone: ZoneInfo) -> datetime | None:
    """Return the first moment, in UTC, when the clock on that date shows this or more; None without that date."""
    if not exists(day, zone):
        return None
    return _reached(datetime.combine(day, clock), zone)


@lru_cache(maxsize=8_192)
def exists(day: date, zone: ZoneInfo) -> bool:
    """Say whether a zone had this date at all."""
    midnight = datetime.combine(day, time())
    return _reached(midnight, zone) != _reached(midnight + _DAY, zone)


def _reached(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, in UTC, at which the wall shows this or more."""
    # Of two moments fold 0 is the first one; in a gap it is read with the clock of before, fold 1 with that of after.
    late, early = (_utc(wall, zone, fold) for fold in (0, 1))
    if late <= early or _wall(late, zone) == wall:
        return late
    low, high = 0, round((late - early) / _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _wall(early + middle * _SECOND, zone) > wall else (middle, high)
        )
    return early + high * _SECOND


def _utc(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
