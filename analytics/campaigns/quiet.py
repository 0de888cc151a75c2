"""When nobody is written to: at night, on some weekdays, on public holidays, by the recipient's clock. Pure.

Exact over changes of the clocks: an hour that is repeated is quiet twice. What is not quiet is kept as a calendar, so
that there is one arithmetic of opening hours in the house.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_serializer, model_validator

from analytics.campaigns.reading import VERSION, Part, read_as, versioned
from analytics.campaigns.schedule import Clock
from desk.calendars import timing
from desk.calendars.model import Calendar, NeverOpenError, countries, public
from desk.commerce.hours import Hours, Span
from desk.errors import InvalidError

_MIDNIGHT = time(0)
_COUNTRY = re.compile(r"([A-Z]{2})(?:-(.{1,40}))?")


class NeverAllowedError(InvalidError):
    """These quiet hours never end: leave at least some days and hours in which people may be written to."""


def _country(value: str) -> str:
    found = _COUNTRY.fullmatch(value)
    if found is None or found[1] not in countries():
        raise ValueError(
            f"{value!r:.40} is no country whose holidays we know, such as DE or DE-BY"
        )
    if found[2] and found[2] not in countries()[found[1]]:
        known = ", ".join(countries()[found[1]]) or "none"
        raise ValueError(f"{found[1]} has no part {found[2]!r}; there are: {known}")
    return value


Weekday = Annotated[int, Field(ge=0, le=6)]


class Window(Part):
    """Quiet from ``start`` to ``end`` each day (over midnight when that is earlier, not at all when they are equal).

    Quiet all day on ``weekdays`` (0 is Monday) and on the public holidays of ``holidays_of`` (``DE`` or ``DE-BY``).
    """

    start: Clock = _MIDNIGHT
    end: Clock = _MIDNIGHT
    weekdays: frozenset[Weekday] = frozenset()
    holidays_of: Annotated[str, AfterValidator(_country)] | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if len(self.weekdays) == 7:
            raise ValueError("weekdays: all seven are quiet; leave at least one out")
        return self

    @field_serializer("weekdays")
    def _in_order(self, weekdays: frozenset[int]) -> list[int]:
        return sorted(weekdays)

    def written(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"version": VERSION, **self.model_dump(mode="json")}


def read(given: Any) -> Window:
    """Return quiet hours from JSON, or raise InvalidError with the place and what to write there."""
    return read_as(Window, versioned(given, "a window of quiet hours"))


def is_quiet(now: datetime, zone: ZoneInfo, window: Window) -> bool:
    """Say whether somebody whose clocks hang in ``zone`` is left alone now; not any more at ``end``."""
    there = now.astimezone(zone)
    if there.weekday() in window.weekdays:
        return True
    clock = there.time()
    if window.start <= window.end:
        by_clock = window.start <= clock < window.end
    else:
        by_clock = clock >= window.start or clock < window.end
    if by_clock or window.holidays_of is None:
        return by_clock
    country, part = _place(window.holidays_of)
    return there.date() in public(country, part, there.year)


def next_allowed(now: datetime, zone: ZoneInfo, window: Window) -> datetime:
    """Return the first moment from now on, in UTC, at which somebody may be written to.

    Raises:
        NeverAllowedError: there is none, as in a country whose Sundays are holidays with all other days quiet.
    """
    if not is_quiet(now, zone, window):
        return now.astimezone(UTC)
    try:
        return timing.next_opening(_calendar(window, zone), now)
    except NeverOpenError as error:
        raise NeverAllowedError from error


def window_for(
    country: str | None, windows: Mapping[str, Window], otherwise: Window | None = None
) -> Window | None:
    """Return the quiet hours of a country, or those of everywhere else."""
    return windows.get((country or "").upper(), otherwise)


@lru_cache(maxsize=4_096)
def _calendar(window: Window, zone: ZoneInfo) -> Calendar:
    country, part = _place(window.holidays_of) if window.holidays_of else (None, None)
    open_hours = _complement(window)
    week = [() if day in window.weekdays else open_hours for day in range(7)]
    hours = Hours(zone=zone, week=(week[0], week[1], week[2], week[3], week[4], week[5], week[6]))
    return Calendar(name="quiet", hours=hours, country=country, subdivision=part)


def _complement(window: Window) -> tuple[Span, ...]:
    """Return the hours of a day that are not quiet; a span that closes at midnight lasts until the day's end."""
    start, end = window.start, window.end
    if start > end:
        return (Span(end, start),)
    if start == end:
        return (Span(_MIDNIGHT, _MIDNIGHT),)
    before = (Span(_MIDNIGHT, start),) if start > _MIDNIGHT else ()
    return (*before, Span(end, _MIDNIGHT))


def _place(text: str) -> tuple[str, str | None]:
    country, _, part = text.partition("-")
    return country, part or None
