"""Who gets what: the same every time, in the right shares, and nobody moves without need."""

from collections import Counter
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare, kstest

from analytics.experiments.assign import Arm, Split, uniform
from desk.errors import InvalidError

IDS = range(8_000)
# 1 in 10,000 that a right one fails; hypothesis draws the same salts every time.
LEAST_P = 1e-4
SALTS = st.text(max_size=30)


def split(salt: str = "spring", holdout: float = 0.1, **weights: float) -> Split:
    arms = [
        Arm(name=name, weight=weight) for name, weight in (weights or {"a": 1, "b": 1}).items()
    ]
    return Split(salt=salt, arms=arms, holdout=holdout)


@settings(max_examples=15, derandomize=True, deadline=None)
@given(SALTS)
def test_numbers_are_uniform(salt: str) -> None:
    found = uniform(salt, "holdout", IDS)
    assert found.min() >= 0
    assert found.max() < 1
    assert kstest(found, "uniform").pvalue > LEAST_P


@settings(max_examples=15, derandomize=True, deadline=None)
@given(SALTS, SALTS)
def test_salts_are_independent(first: str, second: str) -> None:
    if first == second:
        return
    tenths = [np.floor(uniform(salt, "x", IDS) * 10).astype(int) for salt in (first, second)]
    table = np.bincount(tenths[0] * 10 + tenths[1], minlength=100).reshape(10, 10)
    assert chi2_contingency(table).pvalue > LEAST_P


def test_two_experiments_are_independent() -> None:
    first, second = split("spring").all(IDS), split("summer").all(IDS)
    names = (None, "a", "b")
    pairs = Counter(zip(first, second, strict=True))
    table = [[pairs[one, other] for other in names] for one in names]
    assert chi2_contingency(table).pvalue > LEAST_P


def test_is_the_same_for_ever() -> None:
    # Written down once: if this changes, running experiments are dealt out anew.
    assert split().all(range(12)) == [
        None, None, "b", "a", "b", "b", "a", "a", "a", "b", "a", "b",
    ]  # fmt: skip
    first = int(sha256(b"6:spring7:holdoutc-1").hexdigest()[:16], 16)
    assert uniform("spring", "holdout", ["c-1"])[0] == (first >> 11) / 2**53
    assert split().arm(7) == split().all(IDS)[7] == split().arm("7")


def test_texts_are_not_mixed_up() -> None:
    keys = [
        ("ab", "c", "d"),
        ("a", "bc", "d"),
        ("a", "b", "cd"),
        ("abc", "", "d"),
        ("", "abc", "d"),
    ]
    assert len({float(uniform(salt, purpose, [one])[0]) for salt, purpose, one in keys}) == 5


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    SALTS,
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0.2, 9), min_size=1, max_size=5),
    st.sampled_from([0.0, 0.05, 0.5]),
)
def test_shares(salt: str, weights: dict[str, float], holdout: float) -> None:
    asked = split(salt, holdout, **weights)
    counts = Counter(asked.all(IDS))
    assert sum(asked.shares.values()) == pytest.approx(1)
    seen = [counts[name] for name in asked.shares]
    wanted = [share * len(IDS) for share in asked.shares.values()]
    assert sum(seen) == len(IDS)
    assert len(seen) == 1 or chisquare(seen, wanted).pvalue > LEAST_P


def test_adding_an_arm_moves_only_those_it_gets() -> None:
    before, after = split(a=1, b=2).all(IDS), split(a=1, b=2, c=1).all(IDS)
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {"c"}
    assert len(moved) == pytest.approx(0.9 * 0.25 * len(IDS), rel=0.08)


def test_a_heavier_arm_takes_and_gives_nothing_to_others() -> None:
    before, after = split(a=1, b=1, c=1).all(IDS), split(a=1, b=1, c=2).all(IDS)
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {new for _, new in moved} == {"c"}
    assert len(moved) == pytest.approx(0.9 * (1 / 2 - 1 / 3) * len(IDS), rel=0.08)


def test_a_larger_holdout_only_takes_people_in() -> None:
    small, large = split(holdout=0.05).all(IDS), split(holdout=0.2).all(IDS)
    assert all(new is None for old, new in zip(small, large, strict=True) if old is None)
    assert all(new in (None, old) for old, new in zip(small, large, strict=True))


@pytest.mark.parametrize(
    ("arms", "holdout", "told"),
    [
        ([], 0.1, "needs arms"),
        ([Arm(name="a"), Arm(name="a")], 0.1, "a name of its own"),
        ([Arm(name="a", weight=0)], 0.1, "above 0"),
        ([Arm(name="a", weight=float("inf"))], 0.1, "above 0"),
        ([Arm(name="a")], 1.0, "holdout"),
        ([Arm(name="a")], -0.1, "holdout"),
    ],
)
def test_refused(arms: list[Arm], holdout: float, told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        Split(salt="x", arms=arms, holdout=holdout)
