"""A calendar as people write it: in the console, in a row, in a file."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from desk.calendars.model import Calendar, countries
from desk.commerce.hours import Day, Hours
from desk.commerce.rules import DayHours, Week
from desk.errors import InvalidError

_YEARLY = re.compile(r"(\d{1,2})-(\d{1,2})")
_LEAP_YEAR = 2024

type OneDay = date | tuple[int, int]


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        if yearly := _YEARLY.fullmatch(text):
            day = date(_LEAP_YEAR, int(yearly[1]), int(yearly[2]))
            return (day.month, day.day)
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f'{text!r} is no date such as "2027-02-17", or "12-25" for every year'
        ) from error


class Special(BaseModel):
    """A day of one's own; without ``hours`` it is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    date: Annotated[OneDay, BeforeValidator(_date)]
    name: Annotated[str, Field(max_length=100)] = ""
    hours: DayHours = ()

    @property
    def written(self) -> str:
        """The date as people write it."""
        if isinstance(self.date, date):
            return self.date.isoformat()
        return f"{self.date[0]:02}-{self.date[1]:02}"


class CalendarSpec(BaseModel):
    """What a calendar is made of, checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^:/]+$")]
    zone: str
    week: Week
    country: str | None = None
    subdivision: str | None = None
    days: Annotated[tuple[Special, ...], Field(max_length=400)] = ()

    @model_validator(mode="after")
    def _possible(self) -> "CalendarSpec":
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{self.zone!r} is no time zone such as Asia/Shanghai") from error
        if not any(getattr(self.week, day) for day in Week.model_fields):
            raise ValueError(
                "this calendar is always closed: give at least one day of the week some hours"
            )
        if self.subdivision and not self.country:
            raise ValueError("a part of a country needs its country")
        if self.country and self.country not in countries():
            raise ValueError(f"{self.country!r} is no country whose holidays we know, such as DE")
        if self.subdivision and self.subdivision not in countries()[self.country or ""]:
            known = ", ".join(countries()[self.country or ""]) or "none"
            raise ValueError(
                f"{self.country} has no part {self.subdivision!r}; there are: {known}"
            )
        return self

    def week_text(self) -> dict[str, list[str]]:
        """Return the week as it is written."""
        return {day: spans_text(getattr(self.week, day)) for day in Week.model_fields}

    def days_text(self) -> list[dict[str, Any]]:
        """Return the days of one's own as they are written."""
        return [
            {"date": day.written, "name": day.name, "hours": spans_text(day.hours)}
            for day in self.days
        ]

    def calendar(self) -> Calendar:
        """Return it in the form in which it is counted with."""
        return Calendar(
            name=self.name,
            hours=Hours(
                zone=ZoneInfo(self.zone),
                week=(
                    self.week.monday,
                    self.week.tuesday,
                    self.week.wednesday,
                    self.week.thursday,
                    self.week.friday,
                    self.week.saturday,
                    self.week.sunday,
                ),
                yearly={d.date: d.hours for d in self.days if isinstance(d.date, tuple)},
                dates={d.date: d.hours for d in self.days if isinstance(d.date, date)},
            ),
            country=self.country or None,
            subdivision=self.subdivision or None,
        )


def spans_text(day: Day) -> list[str]:
    """Return hours as they are written: ``["9:00-18:00"]``."""
    return [
        f"{span.opens:%-H:%M}-{'24:00' if span.closes == time(0) else f'{span.closes:%-H:%M}'}"
        for span in day
    ]


def read(given: Mapping[str, Any]) -> CalendarSpec:
    """Check what somebody wrote.

    Raises:
        InvalidError: it is wrong; the message says where and what.
    """
    try:
        return CalendarSpec.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise InvalidError(f"{where}: {what}" if where else what) from error
