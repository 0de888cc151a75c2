"""Business time: cases people meet, and laws that hold everywhere, beside a minute-by-minute count."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.calendars.model import Calendar, NeverOpenError, always
from desk.calendars.timing import add, between, is_open, next_opening
from desk.commerce.hours import Day, Hours, Span

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE: Day = (Span(time(9), time(17)),)
WEEK = (OFFICE,) * 5 + ((), ())


def _calendar(
    week: tuple[Day, ...] = WEEK, zone: str = "Europe/Berlin", **more: object
) -> Calendar:
    assert len(week) == 7
    return Calendar(name="test", hours=Hours(zone=ZoneInfo(zone), week=week, **more))  # type: ignore[arg-type]


def _local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def _oracle(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Count the minutes whose local wall time lies in a span of its day, or of the day before."""
    total, at = timedelta(), start
    while at < end:
        wall = at.astimezone(calendar.zone).replace(tzinfo=None)
        today, yesterday = wall.date(), wall.date() - timedelta(days=1)
        worked = any(
            s.opens <= wall.time() and (wall.time() < s.closes or s.closes <= s.opens)
            for s in calendar.on(today)
        ) or any(s.closes <= s.opens and wall.time() < s.closes for s in calendar.on(yesterday))
        total += MINUTE * worked
        at += MINUTE
    return total


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-03-02T10:00", "2:00", "2026-03-02T12:00"),
        ("2026-03-02T16:00", "2:00", "2026-03-03T10:00"),
        ("2026-03-06T16:30", "1:00", "2026-03-09T09:30"),  # over a weekend
        ("2026-03-07T12:00", "1:00", "2026-03-09T10:00"),  # from a Saturday
        ("2026-03-02T09:00", "8:00", "2026-03-02T17:00"),  # closing time, not the next morning
        ("2026-03-27T16:00", "2:00", "2026-03-30T10:00"),  # over the start of summer time
        ("2026-10-23T16:00", "2:00", "2026-10-26T10:00"),  # and over its end
        ("2026-03-07T12:00", "0:00", "2026-03-07T12:00"),
    ],
)
def test_adding_hours(start: str, duration: str, expected: str) -> None:
    hours, minutes = map(int, duration.split(":"))
    got = add(_calendar(), _local(start), timedelta(hours=hours, minutes=minutes))
    assert got == _local(expected)


def test_a_night_shift_at_both_changes_of_the_clocks() -> None:
    nights = _calendar(((Span(time(22), time(6)),),) * 7)
    spring, autumn = _local("2026-03-28T22:00"), _local("2026-10-24T22:00")
    assert between(nights, spring, _local("2026-03-29T06:00")) == timedelta(hours=7)
    assert between(nights, autumn, _local("2026-10-25T06:00")) == timedelta(hours=9)
    assert add(nights, spring, timedelta(hours=7)) == _local("2026-03-29T06:00")


def test_an_opening_in_the_hour_that_the_clocks_skip_begins_after_it() -> None:
    early = _calendar(((Span(time(2, 30), time(5)),),) * 7)
    day = _local("2026-03-29T00:00")
    assert next_opening(early, day) == _local("2026-03-29T03:00")
    assert between(early, day, day + timedelta(hours=12)) == timedelta(hours=2)


def test_an_hour_that_comes_twice_counts_twice() -> None:
    early = _calendar(((Span(time(2), time(2, 30)),),) * 7)
    day = _local("2026-10-25T00:00")
    assert between(early, day, day + timedelta(hours=12)) == timedelta(hours=1)
    first, second = (_local("2026-10-25T02:10", fold=fold) for fold in (0, 1))
    assert is_open(early, first)
    assert is_open(early, second)
    due = second.astimezone(UTC) + timedelta(minutes=10)
    assert add(early, first, timedelta(minutes=40)) == due
    assert between(early, first, due) == timedelta(minutes=40)


def test_a_day_that_never_was() -> None:
    samoa = _calendar((OFFICE,) * 7, "Pacific/Apia")
    zone = ZoneInfo("Pacific/Apia")
    start, end = _local("2011-12-29T00:00", zone), _local("2012-01-01T00:00", zone)
    assert between(samoa, start, end) == timedelta(hours=16)  # the 29th and the 31st


def test_round_the_clock() -> None:
    start = datetime(2026, 3, 28, 12, 34, 56, tzinfo=UTC)
    assert add(always(), start, timedelta(days=30)) == start + timedelta(days=30)
    assert between(always(), start, start + timedelta(hours=49)) == timedelta(hours=49)


def test_public_holidays_and_days_of_ones_own() -> None:
    plain = _calendar()
    bavaria = Calendar(name="by", hours=plain.hours, country="DE", subdivision="BY")
    berlin = Calendar(name="be", hours=plain.hours, country="DE", subdivision="BE")
    epiphany, day = _local("2026-01-06T00:00"), timedelta(days=1)
    assert between(bavaria, epiphany, epiphany + day) == timedelta()
    assert between(berlin, epiphany, epiphany + day) == timedelta(hours=8)
    short = Hours(
        zone=BERLIN, week=plain.hours.week, dates={date(2026, 1, 6): (Span(time(9), time(12)),)}
    )
    own = Calendar(name="own", hours=short, country="DE", subdivision="BY")
    assert between(own, epiphany, epiphany + day) == timedelta(hours=3)


def test_what_never_opens_is_refused() -> None:
    closed = _calendar(((),) * 7)
    with pytest.raises(NeverOpenError, match="always closed"):
        add(closed, datetime(2026, 3, 2, tzinfo=UTC), MINUTE)
    with pytest.raises(ValueError, match="never taken away"):
        add(always(), datetime(2026, 3, 2, tzinfo=UTC), -MINUTE)


def test_time_that_runs_backwards_is_no_time() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert between(always(), at, at - MINUTE) == timedelta()


_zones = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Shanghai",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "America/Sao_Paulo",
        "Asia/Tehran",
        "Pacific/Apia",
    ]
)
_minutes = st.integers(0, 24 * 60 - 1).map(lambda m: time(m // 60, m % 60))
_days = st.lists(st.builds(Span, _minutes, _minutes), max_size=2).map(tuple)
_weeks = st.tuples(*[_days] * 7).filter(any)
_calendars = st.builds(_calendar, _weeks, _zones)
_near_changes = st.sampled_from(
    [
        "2026-03-08",
        "2026-03-29",
        "2026-10-25",
        "2026-11-01",
        "2026-04-05",
        "2011-12-30",
        "2017-10-15",
        "2021-03-22",
        "2026-02-15",
        "2026-03-22",
    ]
)
_moments = st.builds(
    lambda day, minute: datetime.fromisoformat(f"{day}T00:00+00:00") + minute * MINUTE,
    _near_changes,
    st.integers(-3 * 24 * 60, 2 * 24 * 60),
)


@settings(max_examples=50, deadline=None)
@given(_calendars, _moments, st.integers(0, 3 * 24 * 60))
def test_between_is_what_a_minute_by_minute_count_gives(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    end = start + minutes * MINUTE
    assert between(calendar, start, end) == _oracle(calendar, start, end)


@settings(max_examples=100, deadline=None)
@given(_calendars, _moments, st.integers(0, 30 * 24 * 3600), st.integers(0, 24 * 3600))
def test_add_and_between_undo_each_other_and_never_go_back(
    calendar: Calendar, start: datetime, seconds: int, more: int
) -> None:
    duration = timedelta(seconds=seconds)
    due = add(calendar, start, duration)
    assert between(calendar, start, due) == duration
    later = add(calendar, start, duration + timedelta(seconds=more))
    assert later >= due
    assert add(calendar, start + timedelta(seconds=more), duration) >= due
    # The first such moment: business time passes right before it.
    if seconds:
        assert between(calendar, start, due - timedelta(seconds=1)) < duration


@settings(max_examples=100, deadline=None)
@given(_calendars, _moments, st.lists(st.integers(0, 5 * 24 * 3600), min_size=1, max_size=5))
def test_time_can_be_cut_anywhere(calendar: Calendar, start: datetime, steps: list[int]) -> None:
    at, total = start, timedelta()
    for step in steps:
        total += between(calendar, at, at + timedelta(seconds=step))
        at += timedelta(seconds=step)
    assert total == between(calendar, start, at)
