"""What people write as a calendar, right and wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.calendars.spec import read
from desk.calendars.timing import between
from desk.errors import InvalidError

_OFFICE = ["9:00-12:00", "13:00-18:00"]
WEEK: dict[str, Any] = {
    "monday": _OFFICE,
    "tuesday": _OFFICE,
    "wednesday": _OFFICE,
    "thursday": _OFFICE,
    "friday": _OFFICE,
    "saturday": ["22:00-2:00"],
    "sunday": [],
}


def _given(**changes: Any) -> dict[str, Any]:
    return {"name": "office", "zone": "Asia/Shanghai", "week": WEEK} | changes


def test_hours_holidays_and_own_days() -> None:
    days = [
        {"date": "12-24", "name": "Eve", "hours": ["9:00-11:00"]},
        {"date": "2026-03-03"},
    ]
    calendar = read(_given(country="CN", days=days)).calendar()
    start = datetime(2026, 3, 1, 16, tzinfo=UTC)  # Monday begins in Shanghai
    assert between(calendar, start, start + timedelta(days=1)) == timedelta(hours=8)
    assert between(calendar, start + timedelta(days=1), start + timedelta(days=2)) == timedelta()
    eve = datetime(2026, 12, 23, 16, tzinfo=UTC)
    assert between(calendar, eve, eve + timedelta(days=1)) == timedelta(hours=2)
    new_year = datetime(2026, 2, 16, 16, tzinfo=UTC)  # Spring Festival
    assert between(calendar, new_year, new_year + timedelta(days=1)) == timedelta()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"week": {key: [] for key in WEEK}}, "always closed"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"country": "QQ"}, "no country"),
        ({"country": "DE", "subdivision": "XX"}, "BY"),
        ({"subdivision": "BY"}, "needs its country"),
        ({"name": "team:night"}, "name"),
        ({"name": " "}, "name"),
        ({"days": [{"date": "31-31"}]}, "no date"),
        ({"days": [{"date": "2026-02-30"}]}, "no date"),
        ({"week": WEEK | {"monday": ["9-17"]}}, "span"),
        ({"week": WEEK | {"monday": ["9:00-25:00"]}}, "within"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        read(_given(**changes))
