"""The queue of an account: times of the week that take one post each. Pure."""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.campaigns.local import moment
from desk.errors import InvalidError

_AHEAD = 366
"""Days in which a free slot is looked for."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WRITTEN = re.compile(r"([a-z]{3}) ([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Slot(NamedTuple):
    """A time of the week on the wall; Monday is 0, ``minute`` is that of the day."""

    weekday: int
    minute: int

    def __str__(self) -> str:
        """Return it as :func:`read` takes it."""
        return f"{_DAYS[self.weekday]} {self.minute // 60:02}:{self.minute % 60:02}"


def read(text: str) -> Slot:
    """Return the slot that somebody wrote, such as ``mon 09:30``; raises InvalidError."""
    found = _WRITTEN.fullmatch(" ".join(text.lower().split()))
    if found is None or found[1] not in _DAYS:
        raise InvalidError(f"{text!r:.40} is no slot such as 'mon 09:30'")
    return Slot(_DAYS.index(found[1]), int(found[2]) * 60 + int(found[3]))


def next_free(
    slots: Iterable[Slot], taken: Collection[datetime], after: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return the first moment of a slot after a time at which no post is planned, in UTC; None within a year.

    A slot that the clocks skip is the first moment after the gap, one that they repeat the first of both.
    """
    week = sorted(set(slots))
    planned = {at.replace(second=0, microsecond=0) for at in taken}
    today = after.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(_AHEAD)):
        for slot in week:
            at = _moment(slot, day, zone)
            if at is not None and at > after and at not in planned:
                return at
    return None


def _moment(slot: Slot, day: date, zone: ZoneInfo) -> datetime | None:
    if slot.weekday != day.weekday():
        return None
    return moment(day, time(*divmod(slot.minute, 60)), zone)
