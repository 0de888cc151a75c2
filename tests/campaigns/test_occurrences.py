"""Exactly one moment for each local date that there was, in every zone there is."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns import local, schedule
from analytics.campaigns.occurrences import (
    Occurrence,
    due_at,
    is_late,
    last_due,
    next_occurrence,
    next_open,
    occurrences,
)
from analytics.campaigns.schedule import (
    Local,
    Once,
    Recurring,
)
from tests.campaigns.zones import (
    CLOCKS,
    HISTORIC,
    ZONES,
    at,
    changes,
    histories,
    kinds,
    moments,
    wall,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def first_reaching(seen: datetime, near: datetime, zone: ZoneInfo) -> datetime | None:
    """Look at every minute of 34 hours for the first at which the clock shows so much: slow and plain."""
    start = near - 16 * HOUR
    for minute in range(34 * 60):
        now = start + timedelta(minutes=minute)
        if wall(now, zone) >= seen:
            return now if minute else None
    return None


def daily(clock: time, zone: str) -> Recurring:
    return Recurring(cron=f"{clock.minute} {clock.hour} * * *", zone=zone)


# --- one moment for each date, in every zone


def test_one_occurrence_for_each_date_at_every_change_of_the_clocks_of_every_zone() -> None:
    seen = 0
    for name, *others in histories().values():
        zone = ZoneInfo(name)
        for change in kinds(name) or (NOON,):
            # Just before, in and after what is skipped or repeated.
            steps = (-61, -1, 0, 30)
            clocks = {wall(change + timedelta(minutes=n), zone).time() for n in steps}
            _one_for_each_date(name, {clock.replace(second=0) for clock in clocks}, change)
        seen += 1 + len(others)
    assert seen == len(ZONES) > 590


@pytest.mark.parametrize(("name", "change"), HISTORIC)
def test_dates_that_were_skipped_or_lived_twice_long_ago(name: str, change: datetime) -> None:
    before, after = (
        wall(change + step, ZoneInfo(name)) for step in (-timedelta(seconds=1), timedelta())
    )
    assert abs(after - before) > 20 * HOUR
    _one_for_each_date(name, {time(hour) for hour in range(24)}, change)


def _one_for_each_date(name: str, clocks: set[time], change: datetime) -> None:
    zone = ZoneInfo(name)
    lived = {wall(change + n * 2 * HOUR, zone).date() for n in range(-48, 49)}
    inside = [d.isoformat() for d in sorted(lived) if abs((d - change.date()).days) <= 1]
    for clock in clocks:
        found = occurrences(daily(clock, name), change - 3 * DAY, change + 3 * DAY)
        assert all(earlier.at < later.at for earlier, later in pairwise(found))
        keys = [one.key for one in found]
        assert [key for key in keys if key in inside] == inside
        assert {date.fromisoformat(key) for key in keys} <= lived
        for one in found:
            seen = datetime.combine(date.fromisoformat(one.key), clock)
            assert wall(one.at, zone) >= seen
            # The second before the clock did not show it yet: nothing is later than it must be.
            assert wall(one.at - timedelta(seconds=1), zone) < seen


KNOWN = [
    # In a gap the first moment after it, in a fold the first of both.
    ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
    ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),
    ("America/Havana", "2026-03-08", "00:30", "2026-03-08T05:00"),
    ("Africa/Casablanca", "2026-02-15", "02:30", "2026-02-15T01:30"),
    ("Pacific/Apia", "2011-12-29", "09:00", "2011-12-29T19:00"),
    ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30T19:00"),
    ("Asia/Kathmandu", "2026-06-01", "09:00", "2026-06-01T03:15"),
]


@pytest.mark.parametrize(("name", "day", "clock", "expected"), KNOWN)
def test_known_moments(name: str, day: str, clock: str, expected: str) -> None:
    found = local.moment(date.fromisoformat(day), time.fromisoformat(clock), ZoneInfo(name))
    assert found == at(expected)


SKIPPED = [
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
    ("Asia/Manila", date(1844, 12, 31)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Pacific/Kiritimati", date(1994, 12, 31)),
]


@pytest.mark.parametrize(("name", "day"), SKIPPED)
def test_a_date_that_a_zone_skipped_has_no_occurrence(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    around = [local.exists(day + n * DAY, zone) for n in (-1, 0, 1)]
    assert around == [True, False, True]
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    keys = [o.key for o in occurrences(daily(time(9), name), noon - 4 * DAY, noon + 4 * DAY)]
    assert day.isoformat() not in keys
    assert (day + DAY).isoformat() in keys
    # Nobody is forgotten because of it: who was to be written to then is on the next date.
    once = Local(day=max(day, date(2000, 1, 1)), clock=time(9))
    assert due_at(once, Occurrence("once", noon), zone) is not None


def test_who_lives_where_the_date_was_skipped_is_written_to_on_the_next() -> None:
    plan = Local(day=date(2011, 12, 30), clock=time(9))
    (one,) = occurrences(plan, at("2011-12-01"), at("2012-01-31"))
    assert due_at(plan, one, ZoneInfo("Pacific/Apia")) == at("2011-12-30T19:00")


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(ZONES),
    day=st.dates(date(1990, 1, 5), date(2029, 12, 20)),
    clock=CLOCKS,
    data=st.data(),
)
def test_the_moment_is_what_looking_at_the_clock_finds(
    name: str, day: date, clock: time, data: st.DataObject
) -> None:
    zone = ZoneInfo(name)
    near = [c for c in changes(name) if c.year < 2029]
    if bool(near) and data.draw(st.booleans()):
        change = data.draw(st.sampled_from(near))
        day = wall(change + data.draw(st.integers(-26, 26)) * HOUR, zone).date()
    found = local.moment(day, clock, zone)
    seen = datetime.combine(day, clock)
    if found is None:
        assert day not in {
            wall(seen.replace(tzinfo=UTC) + n * HOUR, zone).date() for n in range(-60, 60)
        }
        return
    assert found == first_reaching(seen, seen.replace(tzinfo=UTC), zone)


# --- windows of time


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(ZONES),
    fields=st.sampled_from(["* * *", "* * 1-5", "*/3 * *", "L * *", "1,15 3-10 *", "13 * fri"]),
    clock=CLOCKS,
    start=moments(1995, 2029),
    gaps=st.lists(st.integers(0, 90 * 24 * 60), min_size=2, max_size=4),
)
def test_windows_that_follow_each_other_have_each_occurrence_once(
    name: str, fields: str, clock: time, start: datetime, gaps: list[int]
) -> None:
    plan = Recurring(cron=f"{clock.minute} {clock.hour} {fields}", zone=name)
    bounds = [start]
    for gap in gaps:
        bounds.append(bounds[-1] + timedelta(minutes=gap))
    parts = [one for a, b in pairwise(bounds) for one in occurrences(plan, a, b)]
    assert parts == occurrences(plan, bounds[0], bounds[-1])
    assert all(bounds[0] < one.at <= bounds[-1] for one in parts)
    if parts:
        assert next_occurrence(plan, bounds[0]) == parts[0]


def test_a_clock_that_jumps_back_and_forth_makes_no_other_keys() -> None:
    plan = daily(time(2, 30), "Europe/Berlin")
    seen: set[str] = set()
    fired: list[str] = []
    now = at("2026-10-20T00:00")
    for jump in (30, 3, -50, 49, 1, -24, 100, -100, 200):
        before, now = now, now + jump * HOUR
        assert jump > 0 or occurrences(plan, before, now) == []
        for one in occurrences(plan, before, now):
            if one.key not in seen:
                seen.add(one.key)
                fired.append(one.key)
    assert fired == sorted(fired)
    assert fired == [f"2026-10-{day}" for day in range(20, 29)]


def test_the_last_zone_on_earth_is_the_last_and_the_first_the_first() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2011, 12, 30), date(2000, 2, 29)):
        for clock in (time(0), time(9), time(23, 59)):
            plan = Local(day=day, clock=clock)
            (one,) = occurrences(plan, datetime(1999, 1, 1, tzinfo=UTC), at("2200-01-01"))
            dues = [due_at(plan, one, ZoneInfo(name)) for name in ZONES]
            assert one.at <= min(dues)
            assert max(dues) <= last_due(plan, one)
            assert last_due(plan, one) - one.at == 26 * HOUR


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(ZONES), day=st.dates(date(2000, 1, 1), date(2199, 12, 31)), clock=CLOCKS
)
def test_everybody_is_due_between_the_first_and_the_last(
    name: str, day: date, clock: time
) -> None:
    plan = Local(day=day, clock=clock)
    one = next_occurrence(plan, datetime(1999, 1, 1, tzinfo=UTC))
    assert one is not None
    due = due_at(plan, one, ZoneInfo(name))
    assert one.at <= due <= last_due(plan, one)
    assert wall(due, ZoneInfo(name)).date() - day <= DAY


def test_an_unknown_zone_is_the_default_one() -> None:
    plan = Local(day=date(2026, 12, 1), clock=time(9), default_zone="Asia/Shanghai")
    (one,) = occurrences(plan, NOON, at("2027-01-01"))
    assert due_at(plan, one, None) == at("2026-12-01T01:00")
    assert due_at(plan, one, ZoneInfo("America/New_York")) == at("2026-12-01T14:00")


def test_a_single_campaign_has_one_key_wherever_it_is_moved() -> None:
    plan = Once(at=at("2026-12-01T09:00"))
    moved = Local(day=date(2027, 1, 1), clock=time(9))
    assert occurrences(plan, NOON, at("2028-01-01")) == [Occurrence("once", plan.at)]
    assert [one.key for one in occurrences(moved, NOON, at("2028-01-01"))] == ["once"]
    assert occurrences(plan, plan.at, at("2028-01-01")) == []
    assert due_at(plan, Occurrence("once", plan.at), ZoneInfo("Asia/Tokyo")) == plan.at
    assert next_occurrence(plan, plan.at) is None


def test_late_is_more_than_allowed() -> None:
    assert not is_late(NOON, NOON + HOUR, HOUR)
    assert is_late(NOON, NOON + HOUR + timedelta(microseconds=1), HOUR)
    assert not is_late(NOON, NOON - DAY, HOUR)


def test_zones_are_looked_at_where_clocks_really_change() -> None:
    changing = [name for name in ZONES if changes(name)]
    assert len(changing) > 300
    assert sum(len(changes(name)) for name in changing) > 10_000
    assert sum(len(kinds(name)) for name in changing) > 900


@pytest.mark.parametrize(
    ("hours", "is_open"), [(-20, True), (0, True), (10, True), (20.5, True), (21.5, False)]
)
def test_a_time_on_everybody_s_clock_is_open_until_it_has_passed_everywhere(
    hours: float, is_open: bool
) -> None:
    """Nine o'clock on 2 December begins at 19:00 UTC of the day before, and ends at 21:00 UTC of that day."""
    nine = schedule.read({"kind": "local", "day": "2026-12-02", "clock": "09:00"})
    at = datetime(2026, 12, 2, tzinfo=UTC) + timedelta(hours=hours)
    assert (next_open(nine, at) is not None) is is_open


def test_what_recurs_is_open_from_its_next_time() -> None:
    daily = schedule.read({"kind": "recurring", "cron": "0 9 * * *", "zone": "UTC"})
    nine = datetime(2026, 12, 2, 9, tzinfo=UTC)
    for late in (timedelta(), timedelta(hours=3)):
        found = next_open(daily, nine + late)
        assert found is not None
        assert found.at == nine + timedelta(days=1)
