"""Hours of the week by what posts earned there: drawn to the mean, and silent where nothing can be said.

Interactions are chosen so that log2(1 + interactions) is a whole number; the expected values are worked out by hand in
that unit, which leaves gains as they are.
"""

import random
from datetime import UTC, datetime
from itertools import starmap
from zoneinfo import ZoneInfo

import pytest

from analytics.posts.best_times import Tried, Verdict, hour_of_week, suggest


def posts(by_hour: dict[int, list[int]]) -> list[Tried]:
    """Return posts by hour with the logarithms of what they earned, to base 2."""
    return [Tried(hour, 2**y - 1) for hour, found in by_hour.items() for y in found]


CASES = [
    # s² = 2, a = (9 - 2) / 2 = 7/2, z = 2 / (2 + 4/7) = 7/9, μ = 5/2: hour 30 is 7/9 · 3/2 above it.
    ({10: [0, 2], 30: [3, 5]}, {30: 2 ** (7 / 6) - 1}),
    # s² = 2, a = (32/3 - 2) / (4/3) = 13/2, z = 13/17 and 13/15, μ = 17/8: hour 30 is 13/15 · 15/8 above it.
    ({10: [0], 30: [3, 5]}, {30: 2 ** (13 / 8) - 1}),
    # Posts of an hour do not differ: its mean is taken as it is.
    ({10: [1, 1], 30: [3, 3]}, {30: 1.0}),
    # s² = 2/3, a = (16 - 2 · 2/3) / (6 - 2) = 11/3, z = 2 / (2 + 2/11) = 11/12, μ = 3.
    ({10: [1, 1], 30: [3, 3], 50: [4, 6]}, {50: 2 ** (11 / 12 * 2) - 1}),
]


@pytest.mark.parametrize(("by_hour", "gains"), CASES)
def test_the_estimate_is_that_of_the_formula(
    by_hour: dict[int, list[int]], gains: dict[int, float]
) -> None:
    found = suggest(posts(by_hour), fewest=3)
    assert found.verdict is Verdict.FOUND
    assert {one.hour: one.gain for one in found.hours} == pytest.approx(gains)
    assert found.hours[0].posts == len(by_hour[found.hours[0].hour])


SILENT = [
    ({}, Verdict.TOO_FEW),
    ({10: [1, 2, 3], 30: [2]}, Verdict.TOO_FEW),  # fewer than five
    ({hour: [hour % 7] for hour in range(20)}, Verdict.TOO_FEW),  # one of each hour tells nothing
    ({10: [1, 5, 3, 3, 1, 5]}, Verdict.ALIKE),  # of one hour alone
    ({10: [1, 5, 3], 30: [5, 3, 1]}, Verdict.ALIKE),
    ({10: [3, 3, 3], 30: [3, 3, 3]}, Verdict.ALIKE),
]


@pytest.mark.parametrize(("by_hour", "verdict"), SILENT)
def test_it_says_when_it_cannot_say(by_hour: dict[int, list[int]], verdict: Verdict) -> None:
    found = suggest(posts(by_hour), fewest=5)
    assert (found.verdict, list(found.hours)) == (verdict, [])
    assert found.posts == sum(map(len, by_hour.values()))


def test_thirty_posts_are_needed() -> None:
    tried = posts({10: [1, 2] * 7, 30: [5, 6] * 7})
    assert suggest([*tried, Tried(50, 3)]).verdict is Verdict.TOO_FEW
    assert suggest([*tried, Tried(50, 3), Tried(50, 3)]).verdict is Verdict.FOUND


def test_one_lucky_post_does_not_beat_many_good_ones() -> None:
    usual, good, lucky = [2, 3, 4, 3] * 6, [4, 5, 6, 5] * 4, [7]
    by_hour = {hour: list(usual) for hour in range(5)} | {30: good, 50: lucky}
    found = suggest(posts(by_hour))
    gains = {one.hour: one.gain for one in found.hours}
    # By their means hour 50 would earn 2⁷/2⁵ = 4 times as much as hour 30.
    assert gains[50] < 3 * gains[30]
    assert found.hours[0].gain < 2 ** (7 - 3) - 1


def test_chance_alone_promises_little() -> None:
    """Posts that do not depend on the hour: raw means would promise much, what is suggested stays small."""
    chance = random.Random(8)
    promised, raw = [], []
    for _ in range(200):
        tried = [Tried(chance.randrange(24), int(chance.lognormvariate(3, 1))) for _ in range(60)]
        found = suggest(tried)
        promised.append(found.hours[0].gain if found.hours else 0.0)
        raw.append(_best_raw(tried))
    assert sum(promised) / 200 < 0.35
    assert sum(raw) / 200 > 2


def _best_raw(tried: list[Tried]) -> float:
    by_hour: dict[int, list[int]] = {}
    for one in tried:
        by_hour.setdefault(one.hour, []).append(one.interactions)
    usual = sum(one.interactions for one in tried) / len(tried)
    return max(sum(found) / len(found) for found in by_hour.values()) / usual - 1


def test_a_real_difference_is_found() -> None:
    chance = random.Random(9)

    def earned(hour: int) -> Tried:
        return Tried(hour, int(chance.lognormvariate(4 if hour == 12 else 3, 0.8)))

    found = suggest(starmap(earned, [(chance.choice((9, 12, 15, 18)),) for _ in range(120)]))
    assert found.hours[0].hour == 12
    assert 0.3 < found.hours[0].gain < 1.6


HOURS = [
    (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", 0),  # Monday 00:30
    (datetime(2026, 3, 1, 22, 30, tzinfo=UTC), "Europe/Berlin", 167),
    (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), "Asia/Shanghai", 20),
    (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "Europe/Berlin", 2 * 24 + 14),
]


@pytest.mark.parametrize(("at", "zone", "hour"), HOURS)
def test_the_hour_is_that_on_the_wall(at: datetime, zone: str, hour: int) -> None:
    assert hour_of_week(at, ZoneInfo(zone)) == hour
