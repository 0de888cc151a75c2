"""Dates, resolved against the day on which the message was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.nlu.entities import date_chinese, date_english
from bot.nlu.entities.hits import Hit, Rank
from bot.nlu.entities.spans import Meaning, Span
from bot.nlu.entities.traits import DIGIT, HAN, LATIN

ORDERS = ("MDY", "DMY")
_FORMS: list[tuple[str, re.Pattern[str], Meaning]] = [
    (needs, re.compile(pattern, re.IGNORECASE), meaning)
    for needs, forms in (
        (DIGIT, date_english.DIGIT_FORMS),
        (LATIN, date_english.WORD_FORMS),
        (HAN, date_chinese.FORMS),
    )
    for pattern, meaning in forms
]


def find(text: str, traits: set[str], now: datetime, order: str) -> Iterator[Hit]:
    """Every date in a folded text; the value is the first day in ISO form, or the words if there is none.

    Details hold `grain` and, for more than a day, `until`, the last day.
    """
    for needs, pattern, meaning in _FORMS:
        for found in pattern.finditer(text) if needs in traits else ():
            span = _within_calendar(meaning, found, now, order)
            value, details = (found[0], {}) if span is None else _described(span)
            yield Hit(found.start(), found.end(), Rank.DATE, "date", value, details)


def _within_calendar(
    meaning: Meaning, found: re.Match[str], now: datetime, order: str
) -> Span | None:
    try:
        return meaning(found, now, order)
    except (ValueError, OverflowError):  # a clock at the edge of the calendar
        return None


def _described(span: Span) -> tuple[str, dict[str, str]]:
    details = {"grain": span.grain}
    if span.last != span.first:
        details["until"] = span.last.isoformat()
    return span.first.isoformat(), details
