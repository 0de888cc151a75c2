"""A calendar: the hours of a week, public holidays of a country, and days of one's own."""

from dataclasses import dataclass
from datetime import date, time
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from desk.commerce.hours import Day, Hours, Span
from desk.errors import InvalidError

ALWAYS = "24/7"
_ALL_DAY: Day = (Span(time(0), time(0)),)


class NeverOpenError(InvalidError):
    """This calendar is always closed: give at least one day of the week some hours."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """``hours`` are stronger than the public holidays of ``country`` where they name a date or a day of the year."""

    name: str
    hours: Hours
    country: str | None = None
    subdivision: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Where its clocks hang."""
        return self.hours.zone

    def on(self, day: date) -> Day:
        """Return the hours of a local date; those past midnight belong to the day on which they began."""
        own = day in self.hours.dates or (day.month, day.day) in self.hours.yearly
        if not own and self.country and day in public(self.country, self.subdivision, day.year):
            return ()
        return self.hours.on(day)


def always() -> Calendar:
    """Return the calendar that never closes."""
    week = (_ALL_DAY,) * 7
    return Calendar(name=ALWAYS, hours=Hours(zone=ZoneInfo("UTC"), week=week))


@cache
def public(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    """Return a country's public holidays of a year by date.

    Raises:
        InvalidError: the country or its part is unknown.
    """
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    except NotImplementedError as error:
        place = f"{country} {subdivision}" if subdivision else country
        raise InvalidError(
            f"{place!r} is no country or part of one whose holidays we know"
        ) from error
    return {day: name for day, name in found.items() if day.year == year}


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """Return the codes of all countries whose holidays are known, each with those of its parts."""
    return {
        code: tuple(parts)
        for code, parts in sorted(holidays.list_supported_countries(include_aliases=False).items())
    }
