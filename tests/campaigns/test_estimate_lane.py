"""When an account is through with a campaign: tables computed by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.campaigns import quiet
from analytics.campaigns.estimate_lane import Wave, passed
from desk.channel import Rate
from tests.conftest import NOON

UTC = ZoneInfo("UTC")
NIGHT = quiet.read({"start": "21:00", "end": "09:00"})
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LONG = timedelta(days=30)


def wave(
    people: int,
    *,
    at: datetime = NOON,
    late: timedelta = LONG,
    zone: str = "UTC",
) -> Wave:
    """Return people who are due at noon unless it is said otherwise."""
    return Wave(at=at, until=at + late, zone=ZoneInfo(zone), people=people)


@pytest.mark.parametrize(
    ("people", "rates", "takes"),
    [
        (1, (Rate(1, SECOND),), timedelta()),
        (7, (), timedelta()),
        # 30 at once, and again each second: the 10,000th is in the 334th burst.
        (10_000, (Rate(30, SECOND),), timedelta(seconds=333)),
        # 100 in a quarter of an hour is 9,600 a day, so the day's 10,000 are never reached.
        (1_000, (Rate(100, 15 * timedelta(minutes=1)), Rate(10_000, DAY)), timedelta(minutes=135)),
        # Ten days of 1,440 messages, the first of them at once.
        (10_000, (Rate(1_440, DAY),), 6 * DAY),
        # The first 4 fill the minute after four seconds, the fifth waits for the first to be a minute old.
        (5, (Rate(1, SECOND), Rate(4, timedelta(minutes=1))), timedelta(minutes=1)),
    ],
)
def test_how_long_it_takes(people: int, rates: tuple[Rate, ...], takes: timedelta) -> None:
    done = passed([wave(people)], rates, None, NOON)
    assert (done.sent, done.late) == (people, 0)
    assert (done.begins_at, done.ends_at) == (NOON, NOON + takes)


def test_what_is_not_in_time_is_left_out() -> None:
    done = passed([wave(100, late=10 * SECOND)], (Rate(3, SECOND),), None, NOON)
    # Bursts of 3 at 0, 1, ... 9 seconds; at 10 it is too late.
    assert (done.sent, done.late, done.ends_at) == (30, 70, NOON + 9 * SECOND)


def test_the_longest_due_go_first() -> None:
    waves = [wave(4, at=NOON + 2 * SECOND, late=SECOND), wave(8, late=5 * SECOND)]
    done = passed(waves, (Rate(2, SECOND),), None, NOON)
    # 2 each at 0, 1, 2 and 3 s are the first wave's; the second is over at 3 s.
    assert (done.sent, done.late, done.ends_at) == (8, 4, NOON + 3 * SECOND)


def test_nobody_is_written_to_at_night() -> None:
    late = NOON.replace(hour=20, minute=59)
    done = passed([wave(150, at=late)], (Rate(1, SECOND),), NIGHT, late)
    # 60 before nine in the evening, 90 from nine in the morning on.
    assert (done.sent, done.begins_at) == (150, late)
    assert done.ends_at == NOON.replace(hour=9) + DAY + 89 * SECOND


def test_nights_are_those_of_the_people() -> None:
    # At 12:00 UTC it is 20:00 in Shanghai and 07:00 in New York, where the night lasts two hours more.
    waves = [wave(2, zone="Asia/Shanghai"), wave(2, zone="America/New_York")]
    done = passed(waves, (Rate(1, HOUR),), NIGHT, NOON)
    # Shanghai at 12:00; at 13:00 it is night there, so New York at 14:00 and 15:00; the last at 01:00 UTC.
    assert (done.sent, done.late) == (4, 0)
    assert done.ends_at == NOON.replace(hour=1) + DAY


def test_what_was_due_long_ago_begins_now() -> None:
    early = wave(3, at=NOON - 2 * HOUR, late=4 * HOUR)
    done = passed([early], (Rate(1, HOUR),), None, NOON)
    assert (done.sent, done.late, done.begins_at) == (2, 1, NOON)
    gone = passed([wave(3, at=NOON - 5 * HOUR, late=4 * HOUR)], (), None, NOON)
    assert (gone.sent, gone.late, gone.begins_at, gone.ends_at) == (0, 3, None, None)


def test_nobody_takes_no_time() -> None:
    assert passed([], (), NIGHT, NOON).ends_at is None
