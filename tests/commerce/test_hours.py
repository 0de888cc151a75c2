"""When the shop is open."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.commerce.hours import Day, Hours, Span, describe_week, is_open, next_opening

_BERLIN = ZoneInfo("Europe/Berlin")
_WORK: Day = (Span(time(9), time(18)),)
_SPLIT: Day = (Span(time(9), time(12)), Span(time(13), time(17)))
_HOURS = Hours(
    zone=_BERLIN,
    week=(_WORK, _WORK, _WORK, _WORK, _WORK, _SPLIT, ()),
    yearly={(12, 25): (), (12, 24): (Span(time(9), time(13)),)},
    dates={date(2027, 12, 24): (), date(2026, 3, 8): (Span(time(10), time(11)),)},
)
_NEVER = Hours(zone=_BERLIN, week=((), (), (), (), (), (), ()))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_BERLIN)


@pytest.mark.parametrize(
    ("at", "is_it"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T17:59:59", True),
        ("2026-03-02T18:00", False),
        ("2026-03-07T12:30", False),
        ("2026-03-07T13:00", True),
        ("2026-03-01T12:00", False),
        ("2026-03-08T10:30", True),
        ("2026-03-08T11:30", False),
        ("2026-12-24T12:00", True),
        ("2026-12-24T14:00", False),
        ("2026-12-25T12:00", False),
        ("2027-12-24T12:00", False),
    ],
)
def test_is_open(at: str, is_it: bool) -> None:
    assert is_open(_at(at), _HOURS) is is_it
    assert is_open(_at(at).astimezone(ZoneInfo("Asia/Shanghai")), _HOURS) is is_it


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-03-02T07:00", "2026-03-02T09:00"),
        ("2026-03-02T10:00", "2026-03-02T10:00"),
        ("2026-03-02T18:00", "2026-03-03T09:00"),
        ("2026-03-07T12:00", "2026-03-07T13:00"),
        ("2026-03-07T17:00", "2026-03-08T10:00"),
        ("2026-03-14T17:00", "2026-03-16T09:00"),
        ("2026-12-24T13:00", "2026-12-26T09:00"),
        # Clocks go forward on Sunday, 29 March: Monday's nine is an hour sooner.
        ("2026-03-28T17:00", "2026-03-30T09:00"),
    ],
)
def test_next_opening(at: str, opens: str) -> None:
    found = next_opening(_at(at), _HOURS)
    assert found == _at(opens)
    assert found is not None
    assert found.tzinfo is UTC


def test_a_shop_without_hours_never_opens() -> None:
    assert not is_open(_at("2026-03-02T12:00"), _NEVER)
    assert next_opening(_at("2026-03-02T12:00"), _NEVER) is None


def test_hours_may_run_past_midnight() -> None:
    night: Day = (Span(time(22), time(2)),)
    hours = Hours(zone=_BERLIN, week=((), (), (), (), night, (), ()))
    assert is_open(_at("2026-03-06T23:00"), hours)
    assert is_open(_at("2026-03-07T01:59"), hours)
    assert not is_open(_at("2026-03-07T02:00"), hours)
    assert not is_open(_at("2026-03-06T01:00"), hours)


def test_a_day_may_last_until_midnight() -> None:
    full: Day = (Span(time(0), time(0)),)
    hours = Hours(zone=_BERLIN, week=(full, full, full, full, full, full, full))
    for offset in range(48):
        assert is_open(_at("2026-03-28T00:00") + timedelta(hours=offset), hours)


def test_an_opening_swallowed_by_the_clock_is_none() -> None:
    # At 2:00 on 29 March 2026 it becomes 3:00 in Berlin; both ends of this span are the same moment or turned round.
    hours = Hours(zone=_BERLIN, week=((), (), (), (), (), (), (Span(time(2, 30), time(3)),)))
    found = next_opening(_at("2026-03-28T12:00"), hours)
    assert found == _at("2026-04-05T02:30")


@given(st.integers(min_value=0, max_value=2 * 366 * 24 * 60))
def test_the_next_opening_is_open_and_nothing_before_it(minute: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    opens = next_opening(at, _HOURS)
    assert opens is not None
    assert opens >= at
    assert is_open(opens, _HOURS)
    if is_open(at, _HOURS):
        assert opens == at
    else:
        gap = opens - at
        assert not any(is_open(at + gap * step / 20, _HOURS) for step in range(20))


def test_the_week_in_words() -> None:
    assert describe_week(_HOURS, "en") == (
        "Monday to Friday 9:00–18:00, Saturday 9:00–12:00 and 13:00–17:00, Sunday closed"
    )
    assert (
        describe_week(_HOURS, "zh")
        == "周一至周五 9:00–18:00，周六 9:00–12:00和13:00–17:00，周日休息"
    )
    late: Day = (Span(time(18), time(0)),)
    hours = Hours(zone=_BERLIN, week=((), (), late, late, late, late, ()))
    assert describe_week(hours, "en") == (
        "Monday and Tuesday closed, Wednesday to Saturday 18:00–24:00, Sunday closed"
    )
