"""Quiet hours: nobody is written to in them, everybody as soon as they end, in every zone there is."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns.country_zones import (
    MOST_PEOPLE,
    zone_of_country,
    zones_of_countries,
)
from analytics.campaigns.quiet import (
    NeverAllowedError,
    Window,
    is_quiet,
    next_allowed,
    read,
    window_for,
)
from desk.errors import InvalidError
from tests.campaigns.zones import ZONES, at, changes, moments

NIGHT = Window(start=time(21), end=time(8))
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


CASES = [
    # window, zone, now in UTC, the first moment that is allowed
    (NIGHT, "Europe/Berlin", "2026-03-02T12:00", "2026-03-02T12:00"),
    (NIGHT, "Europe/Berlin", "2026-03-02T20:00", "2026-03-03T07:00"),
    (NIGHT, "Europe/Berlin", "2026-03-02T19:59", "2026-03-02T19:59"),
    (NIGHT, "Europe/Berlin", "2026-03-03T07:00", "2026-03-03T07:00"),
    (NIGHT, "Asia/Shanghai", "2026-03-02T20:00", "2026-03-03T00:00"),
    # Clocks are put forward or back in the night.
    (NIGHT, "Europe/Berlin", "2026-03-28T21:00", "2026-03-29T06:00"),
    (NIGHT, "Europe/Berlin", "2026-10-24T21:00", "2026-10-25T07:00"),
    # It ends in a gap: the first moment after it.
    (
        Window(start=time(22), end=time(2, 30)),
        "Europe/Berlin",
        "2026-03-29T00:10",
        "2026-03-29T01:00",
    ),
    # It ends in an hour that is lived twice: allowed, quiet again, allowed again.
    (
        Window(start=time(22), end=time(2, 30)),
        "Europe/Berlin",
        "2026-10-25T00:10",
        "2026-10-25T00:30",
    ),
    (
        Window(start=time(22), end=time(2, 30)),
        "Europe/Berlin",
        "2026-10-25T01:10",
        "2026-10-25T01:30",
    ),
    # It begins in that hour: putting the clock back ends it for a while.
    (
        Window(start=time(2, 30), end=time(6)),
        "Europe/Berlin",
        "2026-10-25T00:40",
        "2026-10-25T01:00",
    ),
    (
        Window(start=time(12), end=time(14)),
        "Asia/Shanghai",
        "2026-03-02T05:00",
        "2026-03-02T06:00",
    ),
    (Window(start=time(0), end=time(8)), "UTC", "2026-03-02T00:00", "2026-03-02T08:00"),
    (Window(start=time(21), end=time(0)), "UTC", "2026-03-02T23:59", "2026-03-03T00:00"),
    (Window(), "UTC", "2026-03-02T03:00", "2026-03-02T03:00"),
    # Sundays, and the holidays of a country or a part of one.
    (Window(weekdays=frozenset({6})), "Europe/Berlin", "2026-03-01T12:00", "2026-03-01T23:00"),
    (
        Window(start=time(20), end=time(8), weekdays=frozenset({6}), holidays_of="DE"),
        "Europe/Berlin",
        "2026-12-24T20:00",
        "2026-12-28T07:00",
    ),
    (Window(holidays_of="DE-BY"), "Europe/Berlin", "2026-01-06T12:00", "2026-01-06T23:00"),
    (Window(holidays_of="DE"), "Europe/Berlin", "2026-01-06T12:00", "2026-01-06T12:00"),
    (Window(holidays_of="CN"), "Asia/Shanghai", "2026-10-01T04:00", "2026-10-03T16:00"),
    (Window(holidays_of="US"), "America/New_York", "2026-12-31T23:00", "2026-12-31T23:00"),
    (Window(holidays_of="US"), "America/New_York", "2027-01-01T05:00", "2027-01-02T05:00"),
]


@pytest.mark.parametrize(("window", "zone", "now", "allowed"), CASES)
def test_the_next_moment_that_is_allowed(
    window: Window, zone: str, now: str, allowed: str
) -> None:
    found = next_allowed(at(now), ZoneInfo(zone), window)
    assert found == at(allowed)
    assert found.tzinfo is UTC
    assert is_quiet(at(now), ZoneInfo(zone), window) is (now != allowed)


CLOCKS = st.integers(0, 24 * 4 - 1).map(lambda n: time(n // 4, n % 4 * 15))
WINDOWS = st.builds(
    Window,
    start=CLOCKS,
    end=CLOCKS,
    weekdays=st.frozensets(st.integers(0, 6), max_size=3),
    holidays_of=st.sampled_from([None, "DE", "CN", "US", "DE-BY"]),
)


@settings(max_examples=150, deadline=None)
@given(
    window=WINDOWS,
    name=st.sampled_from(ZONES),
    now=moments(1995, 2029),
    data=st.data(),
)
def test_never_in_quiet_hours_and_never_later_than_it_must_be(
    window: Window, name: str, now: datetime, data: st.DataObject
) -> None:
    zone = ZoneInfo(name)
    if bool(changes(name)) and data.draw(st.booleans()):
        now = (
            data.draw(st.sampled_from(changes(name))) + data.draw(st.integers(-900, 900)) * MINUTE
        )
    found = next_allowed(now, zone, window)
    assert found >= now
    assert not is_quiet(found, zone, window)
    if found > now:
        assert is_quiet(found - timedelta(microseconds=1), zone, window)
    # All between is quiet: looked at at its quarters of an hour, more near both ends.
    length = found - now
    for part in range(200):
        assert length == timedelta() or is_quiet(now + length * part / 200, zone, window)
    assert next_allowed(found, zone, window) == found


def test_a_week_that_is_quiet_all_over_is_refused() -> None:
    with pytest.raises(InvalidError, match="leave at least one out"):
        read({"weekdays": list(range(7))})


def test_an_end_that_never_comes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Always(dict[date, str]):
        def __contains__(self, day: object) -> bool:
            return True

    for module in ("analytics.campaigns.quiet", "desk.calendars.model"):
        monkeypatch.setattr(f"{module}.public", lambda *_: Always())
    with pytest.raises(NeverAllowedError):
        next_allowed(at("2026-03-02T12:00"), BERLIN, Window(holidays_of="DE"))


WRONG: list[tuple[Any, str]] = [
    (None, "a window of quiet hours is an object"),
    ({"version": 3}, "version: 3"),
    ({"start": "25:00"}, "start: "),
    ({"start": 21}, "start: 21 is not written as"),
    ({"weekdays": [7]}, "weekdays[1]: Input should be less than or equal to 6"),
    ({"holidays_of": "XX"}, "holidays_of: 'XX' is no country whose holidays we know"),
    ({"holidays_of": "de"}, "holidays_of: 'de' is no country"),
    ({"holidays_of": "DE-ZZ"}, "holidays_of: DE has no part 'ZZ'; there are: BB, BE"),
    ({"hours": 3}, "hours: Extra inputs"),
]


@pytest.mark.parametrize(("given_", "why"), WRONG)
def test_what_is_wrong_is_said(given_: Any, why: str) -> None:
    with pytest.raises(InvalidError) as error:
        read(given_)
    assert why in str(error.value)


@settings(max_examples=50, deadline=None)
@given(window=WINDOWS)
def test_what_is_written_is_read_again(window: Window) -> None:
    assert read(window.written()) == window


def test_a_country_has_its_hours_or_those_of_everywhere_else() -> None:
    own = Window(start=time(20), end=time(9))
    assert window_for("de", {"DE": own}, NIGHT) is own
    assert window_for("FR", {"DE": own}, NIGHT) is NIGHT
    assert window_for(None, {"DE": own}) is None


# --- zones of countries


def test_countries_with_one_zone_are_sure_and_others_have_a_guess() -> None:
    several = {code for code, zones in zones_of_countries().items() if len(zones) > 1}
    assert set(MOST_PEOPLE) == several
    for code, zones in zones_of_countries().items():
        guess = zone_of_country(code)
        assert guess is not None
        assert guess.zone.key in zones
        assert guess.sure is (code not in several)


GUESSES = [
    ("FR", "Europe/Paris", True),
    ("jp", "Asia/Tokyo", True),
    ("SG", "Asia/Singapore", True),
    ("CN", "Asia/Shanghai", False),
    ("US", "America/New_York", False),
    ("AU", "Australia/Sydney", False),
]


@pytest.mark.parametrize(("code", "zone", "sure"), GUESSES)
def test_the_zone_of_a_country(code: str, zone: str, sure: bool) -> None:
    guess = zone_of_country(code)
    assert guess is not None
    assert (guess.zone.key, guess.sure) == (zone, sure)


def test_an_unknown_country_has_none() -> None:
    assert zone_of_country("XX") is None
    assert zone_of_country("BV") is None
