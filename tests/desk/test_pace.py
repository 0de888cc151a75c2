"""Limits, retries and states of what is sent: the decisions alone, with a clock that stands still."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.channel import Pace, Rate
from desk.errors import RejectedError, RetryableError
from desk.message import DeliveryStatus
from desk.outbox import pace
from desk.outbox.pace import Tempo
from desk.outbox.progress import after_attempt, is_due, reported
from desk.outbox.retry import next_attempt, pause_of
from desk.tables.outbox import OutboxState, Policy
from tests.conftest import NOON

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CHAT, GROUP = Rate(1, SECOND), Rate(20, MINUTE)


def at(*seconds: float) -> tuple[datetime, ...]:
    return tuple(NOON + timedelta(seconds=number) for number in seconds)


@pytest.mark.parametrize(
    ("recent", "paused", "rates", "now", "ready", "room"),
    [
        ((), None, [], 0, None, None),
        ((), None, [CHAT], 0, None, 1),
        ((0,), None, [CHAT], 0, 1, 0),
        ((0,), None, [CHAT], 0.999, 1, 0),
        ((0,), None, [CHAT], 1, 1, 1),
        ((0, 0.5), None, [Rate(2, SECOND)], 0.9, 1, 0),
        ((0, 0.5), None, [Rate(2, SECOND)], 1.2, 1, 1),
        ((0, 0.5), None, [Rate(3, SECOND)], 0.9, None, 1),
        (tuple(range(20)), None, [CHAT, GROUP], 20, 60, 0),
        (tuple(range(40, 60)), None, [CHAT, GROUP], 100, 100, 1),
        ((), 30, [], 29, 30, 0),
        ((), 30, [], 30, 30, None),
        ((29.5,), 30, [CHAT], 30, 30.5, 0),
    ],
)
def test_a_window_says_when_the_next_may_go(
    recent: Sequence[float],
    paused: float | None,
    rates: Sequence[Rate],
    now: float,
    ready: float | None,
    room: int | None,
) -> None:
    tempo = Tempo(at(*recent), None if paused is None else at(paused)[0])
    assert pace.ready_at(tempo, rates) == (None if ready is None else at(ready)[0])
    assert pace.room(tempo, rates, at(now)[0]) == room


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=150),
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5)), min_size=1, max_size=3),
)
def test_no_stretch_of_time_ever_holds_more_than_its_count(
    gaps: list[float], limits: list[tuple[int, int]]
) -> None:
    rates = [Rate(count, timedelta(seconds=seconds)) for count, seconds in limits]
    tempo, now, sent = Tempo(), NOON, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        ready = pace.ready_at(tempo, rates)
        allowed = ready is None or ready <= now
        assert allowed == (pace.room(tempo, rates, now) != 0)
        if allowed:
            tempo = pace.began(tempo, rates, now)
            sent.append(now)
    assert sent
    for rate in rates:
        for first, one_too_many in zip(sent, sent[rate.count :], strict=False):
            assert one_too_many - first >= rate.per


def test_a_send_counts_from_its_end_and_a_pause_is_never_shortened() -> None:
    tempo = pace.began(Tempo(), [CHAT], NOON)
    tempo = pace.ended(tempo, NOON, NOON + 3 * SECOND)
    assert pace.ready_at(tempo, [CHAT]) == NOON + 4 * SECOND
    tempo = pace.paused(pace.paused(tempo, NOON + MINUTE), NOON + SECOND)
    assert pace.ready_at(tempo, [CHAT]) == NOON + MINUTE
    assert pace.idle_at(tempo, [CHAT], NOON) == NOON + MINUTE
    assert pace.idle_at(Tempo(at(5)), [GROUP], NOON) == NOON + 65 * SECOND


def test_a_tempo_remembers_no_more_than_it_needs() -> None:
    tempo, now = Tempo(), NOON
    for _ in range(500):
        now += SECOND
        tempo = pace.began(tempo, [CHAT, GROUP], now)
    assert len(tempo.recent) <= 21
    assert all(a < b for a, b in pairwise(tempo.recent))


def test_a_group_has_its_own_limit_besides() -> None:
    limits = Pace(chat=(CHAT,), group=(GROUP,), is_group=lambda thread: thread.startswith("-"))
    assert limits.of_thread("42") == (CHAT,)
    assert limits.of_thread("-42") == (CHAT, GROUP)


RETRY, HOUR = RetryableError(), timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "error", "age", "wait"),
    [
        (1, OSError(), 0, 1),
        (2, OSError(), 0, 2),
        (8, TimeoutError(), 0, 128),
        (9, RETRY, 0, 256),
        (10, RETRY, 0, 300),
        (250, RETRY, 23, 300),
        (250, RETRY, 24, None),
        (11, ValueError(), 0, 1024),
        (12, ValueError(), 0, None),
        (1, ValueError(), 24, None),
        (1, RetryableError(retry_in=timedelta(seconds=37)), 0, 37),
        (40, RetryableError(retry_in=timedelta(seconds=37)), 0, 37),
        (1, RetryableError(retry_in=timedelta()), 0, 0),
        (1, RetryableError(retry_in=-HOUR), 0, 0),
        (1, RetryableError(retry_in=timedelta.max), 0, 86_400),
    ],
)
def test_when_to_try_again(attempts: int, error: Exception, age: int, wait: int | None) -> None:
    again = next_attempt(attempts, error, created_at=NOON - age * HOUR, now=NOON)
    assert again == (None if wait is None else NOON + timedelta(seconds=wait))


def test_only_a_platform_asks_for_a_pause() -> None:
    assert pause_of(RetryableError(retry_in=SECOND)) == SECOND
    assert [pause_of(error) for error in (None, RETRY, OSError())] == [None] * 3


def test_an_outage_of_hours_is_outlived() -> None:
    now, attempts = NOON, 0
    while again := next_attempt(attempts := attempts + 1, RETRY, created_at=NOON, now=now):
        assert again - now <= timedelta(minutes=5)
        now = again
    assert now - NOON >= 24 * HOUR


@pytest.mark.parametrize(
    ("error", "policy", "state"),
    [
        (None, Policy.AT_LEAST_ONCE, OutboxState.SENT),
        (None, Policy.AT_MOST_ONCE, OutboxState.SENT),
        (RejectedError(), Policy.AT_LEAST_ONCE, OutboxState.FAILED),
        (RejectedError(), Policy.AT_MOST_ONCE, OutboxState.FAILED),
        (OSError(), Policy.AT_LEAST_ONCE, OutboxState.QUEUED),
        (OSError(), Policy.AT_MOST_ONCE, OutboxState.UNKNOWN),
        (TimeoutError(), Policy.AT_MOST_ONCE, OutboxState.UNKNOWN),
        (RETRY, Policy.AT_MOST_ONCE, OutboxState.QUEUED),
    ],
)
def test_the_state_after_an_attempt(
    error: Exception | None, policy: Policy, state: OutboxState
) -> None:
    after, again = after_attempt(1, error, policy=policy, created_at=NOON, now=NOON)
    assert after is state
    assert (again is not None) == (state is OutboxState.QUEUED)


_PLACE = {
    OutboxState.QUEUED: 0,
    OutboxState.SENDING: 1,
    OutboxState.SENT: 2,
    OutboxState.UNKNOWN: 2,
    OutboxState.DELIVERED: 3,
    OutboxState.READ: 4,
    OutboxState.FAILED: 5,
    OutboxState.DEAD: 5,
    OutboxState.FENCED: 5,
}


@pytest.mark.parametrize("state", OutboxState)
@pytest.mark.parametrize("status", DeliveryStatus)
def test_reports_only_move_forward(state: OutboxState, status: DeliveryStatus) -> None:
    after = reported(state, status)
    if state in (OutboxState.SENT, OutboxState.UNKNOWN):
        has_it = status is DeliveryStatus.COMPLAINED
        assert after == (OutboxState.DELIVERED if has_it else status)
    elif (state, status) == (OutboxState.DELIVERED, DeliveryStatus.READ):
        assert after is OutboxState.READ
    else:
        assert after is None
    assert after is None or _PLACE[after] > _PLACE[state]


@pytest.mark.parametrize(
    ("state", "not_before", "lease", "due"),
    [
        (OutboxState.QUEUED, 0, None, True),
        (OutboxState.QUEUED, 1, None, False),
        (OutboxState.SENDING, 0, -1, True),
        (OutboxState.SENDING, 0, 0, False),
        (OutboxState.SENDING, 0, None, False),
        *((state, 0, -1, False) for state in OutboxState if _PLACE[state] > 1),
    ],
)
def test_what_is_due(state: OutboxState, not_before: int, lease: int | None, due: bool) -> None:
    until = None if lease is None else at(lease)[0]
    assert is_due(state, not_before=at(not_before)[0], lease_until=until, now=NOON) is due
