"""Guessing is slowed down; whom the password belongs to gets in."""

from datetime import timedelta

import pytest

from console.throttle import ACCOUNT, ADDRESS, BROWSER, CODE, TOKEN, Pace, Throttle, pause
from desk.clock import StoppedClock


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (12, 256), (13, 300), (99, 300)]
)
def test_the_pace_of_one_account_from_one_address(tries: int, seconds: int) -> None:
    assert pause(ACCOUNT, tries) == timedelta(seconds=seconds)


@pytest.mark.parametrize("pace", [ACCOUNT, ADDRESS, BROWSER, CODE, TOKEN])
def test_every_pace_grows_and_ends(pace: Pace) -> None:
    waits = [pause(pace, tries) for tries in range(200)]
    assert waits == sorted(waits)
    assert waits[pace.free - 1] == timedelta()
    assert waits[pace.free] == pace.first
    assert waits[-1] == pace.longest


def test_a_try_that_had_to_wait_makes_the_wait_no_longer(clock: StoppedClock) -> None:
    throttle, bucket = Throttle(clock), (ACCOUNT, "a")
    assert [throttle.attempt(bucket) for _ in range(7)] == [0, 0, 0, 0, 0, 2, 2]
    clock.advance(timedelta(seconds=2))
    assert [throttle.attempt(bucket) for _ in range(2)] == [0, 4]


def test_how_many_guesses_a_day_one_address_has(clock: StoppedClock) -> None:
    throttle, guesses = Throttle(clock), 0
    for _ in range(24 * 3600):
        guesses += throttle.attempt((ACCOUNT, "a")) == 0
        clock.advance(timedelta(seconds=1))
    assert guesses < 310


def test_buckets_are_apart_and_forgotten(clock: StoppedClock) -> None:
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.attempt((ACCOUNT, "a"), (ADDRESS, "x"))
    assert throttle.attempt((ACCOUNT, "a"), (ADDRESS, "x")) == 2
    assert throttle.attempt((ACCOUNT, "b"), (ADDRESS, "x")) == 0
    throttle.forget((ACCOUNT, "a"))
    assert throttle.attempt((ACCOUNT, "a")) == 0
    for _ in range(4):
        throttle.attempt((ACCOUNT, "a"))
    assert throttle.attempt((ACCOUNT, "a")) == 2
    clock.advance(timedelta(minutes=15))
    assert throttle.attempt((ACCOUNT, "a")) == 0


def test_one_s_own_account_is_no_way_to_try_the_others_for_ever(clock: StoppedClock) -> None:
    throttle, tries = Throttle(clock), 0
    while throttle.attempt((ADDRESS, "x")) == 0:
        tries += 1
        if tries % 4 == 0:
            throttle.forgive((ADDRESS, "x"))
    assert tries == 39


def test_a_clock_that_was_set_back_keeps_nobody_out(clock: StoppedClock) -> None:
    throttle, bucket = Throttle(clock), (ACCOUNT, "a")
    for _ in range(6):
        throttle.attempt(bucket)
    clock.advance(timedelta(days=-1))
    assert throttle.attempt(bucket) <= 2


def test_it_stays_small(clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.throttle._MOST", 10)
    throttle = Throttle(clock)
    for number in range(100):
        throttle.attempt((ACCOUNT, number))
    assert len(throttle._tries) == 10
