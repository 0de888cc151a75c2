"""How fast a run goes, when it will be over, and answers that are kept as long as they are worth."""

from datetime import datetime, timedelta

import pytest

from analytics.campaigns.pace import Look, Pace, end_of
from analytics.campaigns.thrift import Thrift
from tests.conftest import NOON


def _look(seconds: float, left: int) -> Look:
    return Look(at=NOON + timedelta(seconds=seconds), left=left)


@pytest.mark.parametrize(
    ("looks", "speed"),
    [
        ([(0, 100)], None),
        ([(0, 100), (1, 90)], None),
        ([(0, 100), (1, 90), (2, 80)], 10.0),
        ([(0, 100), (10, 100)], 0.0),
        # Some came back into the queue.
        ([(0, 100), (10, 130)], 0.0),
        # What was long ago says nothing of now.
        ([(0, 10_000), (100, 100), (110, 90)], 1.0),
        # The clock was put back.
        ([(100, 90), (0, 80)], None),
        ([(100, 90), (0, 80), (5, 70)], 2.0),
    ],
)
def test_a_speed(looks: list[tuple[int, int]], speed: float | None) -> None:
    pace = Pace()
    found = [pace.see(1, _look(*one)) for one in looks]
    assert found[-1] == speed


def test_each_run_has_a_speed_of_its_own_and_one_that_stood_still_a_new_one() -> None:
    pace = Pace()
    for run, each in ((1, 2), (2, 4)):
        pace.see(run, _look(0, 100))
        assert pace.see(run, _look(10, 100 - 10 * each)) == each
    pace.forget(1)
    assert pace.see(1, _look(20, 10)) is None
    assert pace.see(2, _look(20, 20)) == 4
    for run in range(3, 500):
        pace.see(run, _look(20, 1))
    assert pace.see(2, _look(21, 20)) is None


@pytest.mark.parametrize(
    ("left", "per_second", "last_due", "end"),
    [
        (0, 5.0, None, None),
        (10, None, None, None),
        (10, 0.0, None, None),
        (10, 5.0, None, NOON + timedelta(seconds=2)),
        (10, 5.0, NOON + timedelta(hours=3), NOON + timedelta(hours=3)),
        (10, 5.0, NOON - timedelta(hours=3), NOON + timedelta(seconds=2)),
        # Longer than calendars go.
        (10**9, 1e-9, None, None),
    ],
)
def test_an_end(
    left: int, per_second: float | None, last_due: datetime | None, end: datetime | None
) -> None:
    assert end_of(NOON, left=left, per_second=per_second, last_due=last_due) == end


class _Slow:
    """Asks something that takes a while, by a clock of its own."""

    def __init__(self, takes: float) -> None:
        self.now = 0.0
        self.asked = 0
        self._takes = takes

    def timer(self) -> float:
        return self.now

    async def ask(self) -> int:
        self.now += self._takes
        self.asked += 1
        return self.asked


@pytest.mark.parametrize(
    ("takes", "least", "wait", "asked"),
    [
        (0.05, 0.0, 0.0, 2),
        (0.2, 0.0, 3.9, 1),
        (0.2, 0.0, 4.1, 2),
        (0.05, 30.0, 29.0, 1),
        (0.05, 30.0, 31.0, 2),
        (3.0, 30.0, 59.0, 1),
        (3.0, 30.0, 61.0, 2),
    ],
)
async def test_what_took_long_is_kept_for_long(
    takes: float, least: float, wait: float, asked: int
) -> None:
    slow = _Slow(takes)
    thrift: Thrift[str, int] = Thrift(timer=slow.timer, least=least)
    assert await thrift.get("one", slow.ask) == 1
    slow.now += wait
    assert await thrift.get("one", slow.ask) == asked
    assert await thrift.get("two", slow.ask) == asked + 1


async def test_an_error_is_not_kept() -> None:
    thrift: Thrift[str, int] = Thrift(least=30.0)

    async def fail() -> int:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await thrift.get("one", fail)
    assert await thrift.get("one", _Slow(0.0).ask) == 1
