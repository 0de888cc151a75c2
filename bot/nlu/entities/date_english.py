"""Dates in digits and in English, each form with what it means."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from bot.nlu.entities import spans
from bot.nlu.entities.numerals import ENGLISH, any_of, english
from bot.nlu.entities.spans import DAY, Forms, Span

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "mon monday mondays",
            "tue tues tuesday tuesdays",
            "wed wednesday wednesdays",
            "thu thur thurs thursday thursdays",
            "fri friday fridays",
            "sat saturday saturdays",
            "sun sunday sundays",
        )
    )
    for name in names.split()
}
_NEAR_DAYS = {
    "day before yesterday": -2,
    **dict.fromkeys(("yesterday", "yestarday", "last night"), -1),
    **dict.fromkeys(
        ("today", "tonight", "this morning", "this afternoon", "this evening", "this night"), 0
    ),
    **dict.fromkeys(("tomorrow", "tommorrow", "tommorow", "tomorow", "tmrw", "tmr"), 1),
    "day after tomorrow": 2,
}
_STEPS = {"last": -1, "past": -1, "previous": -1, "this": 0, "next": 1, "coming": 0}
_AMOUNTS = {"a few": 3, "few": 3, "several": 3, "a couple of": 2, "couple of": 2, "a couple": 2}
_PAST = re.compile(
    r"\b(?:since|was|were|ordered|bought|placed|paid|sent|came|arrived|received|delivered|got|made|called|wrote)"
    r"(?: it| this| them| my order)?(?: on)? $",
    re.IGNORECASE,
)
_LONGEST_LEAD = 30
_YEAR = r"(?:19|20)[0-9]{2}"
_MONTH = r"(?:1[0-2]|0?[1-9])"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_NAME = any_of(MONTHS)
_COUNT = any_of([*ENGLISH, *_AMOUNTS, "[0-9]{1,3}"])
_UNIT = r"hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?"
_LEFT, _RIGHT = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"

_DIGITS_LEFT, _DIGITS_RIGHT = (
    r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-/.])",
    r"(?![0-9A-Za-z@])(?![-/.][0-9])",
)


def _ymd(found: re.Match[str], today: datetime, order: str) -> Span | None:
    when = spans.valid(int(found["y"]), int(found["m"]), int(found["d"]))
    return spans.day(when) if when else None


def _three_numbers(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """11/22/2026, 22.11.26: where both could be a month, dots mean day first and `order` says what slashes mean."""
    first, second, year = int(found["a"]), int(found["b"]), int(found["y"])
    year += 2000 if year < 100 else 0
    day_first = first > 12 or (second <= 12 and (order == "DMY" or found["mark"] == "."))
    month, day = (second, first) if day_first else (first, second)
    when = spans.valid(year, month, day)
    return spans.day(when) if when else None


def _two_numbers(found: re.Match[str], today: datetime, order: str) -> Span | None:
    first, second = int(found["a"]), int(found["b"])
    day_first = first > 12 or (second <= 12 and order == "DMY")
    month, day = (second, first) if day_first else (first, second)
    when = spans.day_of_year(today.date(), month, day)
    return spans.day(when) if when else None


def _named_month(found: re.Match[str], today: datetime, order: str) -> Span | None:
    month, day = MONTHS[found["name"].lower()], int(found["d"])
    year = found["y"]
    when = (
        spans.valid(int(year), month, day) if year else spans.day_of_year(today.date(), month, day)
    )
    return spans.day(when) if when else None


def _whole_month(found: re.Match[str], today: datetime, order: str) -> Span | None:
    return spans.month(int(found["y"]), MONTHS[found["name"].lower()])


def _near_day(found: re.Match[str], today: datetime, order: str) -> Span | None:
    words = found["words"].lower().removeprefix("the ")
    return spans.day(today.date() + _NEAR_DAYS[words] * DAY)


def _step(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """The Friday of next week for "next Friday"; the latest one before today for "last Friday"."""
    here, step, unit = today.date(), _STEPS[found["step"].lower()], found["unit"].lower()
    if unit in WEEKDAYS:
        if step < 0:
            return spans.day(here - ((here.weekday() - WEEKDAYS[unit] - 1) % 7 + 1) * DAY)
        if found["step"].lower() == "coming":
            return spans.day(_coming(here, WEEKDAYS[unit]))
        return spans.weekday(here, WEEKDAYS[unit], step)
    if unit == "week":
        return spans.week(here, step)
    if unit == "weekend":
        return spans.weekend(here, step)
    if unit == "month":
        return spans.month(here.year, here.month + step)
    return spans.year(here.year + step)


def _coming(today: date, weekday: int) -> date:
    return today + ((weekday - today.weekday()) % 7) * DAY


def _bare_weekday(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """A bare "Friday" is the coming one, unless what stands before it speaks of the past."""
    when = _coming(today.date(), WEEKDAYS[found["unit"].lower()])
    before = found.string[max(0, found.start() - _LONGEST_LEAD) : found.start()]
    return spans.day(when - 7 * DAY if _PAST.search(before) else when)


def _counted(found: re.Match[str], today: datetime, order: str) -> Span | None:
    words = found["count"].lower()
    count = _AMOUNTS.get(words) or english(words)
    if count is None:
        return None
    back = found.groupdict().get("ago")
    return moved(today, -count if back else count, found["unit"].lower().rstrip("s"))


def moved(now: datetime, count: float, unit: str) -> Span | None:
    """So many hours, days, weeks, months or years from now; None beyond what a calendar holds."""
    try:
        if unit in ("hour", "hr"):
            return spans.day((now + timedelta(hours=count)).date())
        if unit in ("day", "week", "wk"):
            return spans.day(now.date() + timedelta(days=count * (1 if unit == "day" else 7)))
        return spans.day(
            spans.months_from(now.date(), int(count * (1 if unit == "month" else 12)))
        )
    except (ValueError, OverflowError):
        return None


DIGIT_FORMS: Forms = [
    (
        rf"{_DIGITS_LEFT}(?P<y>{_YEAR})[-/.](?P<m>{_MONTH})[-/.](?P<d>{_DAY}){_DIGITS_RIGHT}",
        _ymd,
    ),
    (
        rf"{_DIGITS_LEFT}(?P<a>{_DAY})(?P<mark>[-/.])(?P<b>{_DAY})[-/.](?P<y>{_YEAR}|[0-9]{{2}}){_DIGITS_RIGHT}",
        _three_numbers,
    ),
    (
        rf"{_DIGITS_LEFT}(?P<a>{_DAY})/(?P<b>{_DAY}){_DIGITS_RIGHT}",
        _two_numbers,
    ),
    (
        rf"{_DIGITS_LEFT}(?P<y>20[0-9]{{2}})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01]){_DIGITS_RIGHT}",
        _ymd,
    ),
    (
        rf"{_LEFT}(?P<d>{_DAY})(?:st|nd|rd|th)?(?: of)?[ -]?(?P<name>{_NAME})"
        rf"(?:[., -]{{1,2}}(?P<y>{_YEAR})(?![0-9]))?(?![A-Za-z@])",
        _named_month,
    ),
    (
        rf"{_LEFT}(?P<name>{_NAME})\.?[ -]?(?:the )?(?P<d>{_DAY})(?:st|nd|rd|th)?(?![0-9])"
        rf"(?:[, -]{{1,2}}(?P<y>{_YEAR})(?![0-9]))?(?![A-Za-z@])",
        _named_month,
    ),
    (rf"{_LEFT}(?P<name>{_NAME}),? (?P<y>{_YEAR}){_RIGHT}", _whole_month),
]
"""Pattern and meaning of the forms that have a digit."""

WORD_FORMS: Forms = [
    (rf"{_LEFT}(?P<words>(?:the )?(?:{any_of(_NEAR_DAYS)})){_RIGHT}", _near_day),
    (
        rf"{_LEFT}(?P<step>{any_of(_STEPS)}) (?P<unit>{any_of(WEEKDAYS)}|week|weekend|month|year){_RIGHT}",
        _step,
    ),
    (
        rf"{_LEFT}(?P<unit>{any_of(name for name in WEEKDAYS if 'day' in name)}){_RIGHT}",
        _bare_weekday,
    ),
    (rf"{_LEFT}(?P<count>{_COUNT}) (?P<unit>{_UNIT}) (?P<ago>ago|back){_RIGHT}", _counted),
    (rf"{_LEFT}in (?P<count>{_COUNT}) (?P<unit>{_UNIT}){_RIGHT}", _counted),
    (rf"{_LEFT}(?P<count>{_COUNT}) (?P<unit>{_UNIT}) from now{_RIGHT}", _counted),
]
"""Pattern and meaning of the forms that have Latin letters and perhaps no digit."""
