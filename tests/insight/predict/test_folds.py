"""What is tried lies after what was learnt from, and no moment is on both sides."""

import numpy as np
import pytest

from analytics.insight.predict import folds
from desk.errors import InvalidError

TARGET = np.tile([0.0, 1.0, 0.0], 100)


def test_later_is_tried_on_earlier() -> None:
    at = np.random.default_rng(1).integers(0, 40, 300)
    plan = folds.plan(TARGET, at, classes=True)
    assert len(plan.by_time) == 3
    for learn, test in (*plan.by_time, plan.test):
        assert at[learn].max() < at[test].min()
    tried = np.concatenate([test for _, test in plan.by_time])
    assert not set(tried.tolist()) & set(plan.test[1].tolist())
    for learn, test in plan.by_chance:
        assert at[learn].max() > at[test].min(), "these are dealt by chance"
        assert not (set(learn.tolist()) | set(test.tolist())) & set(plan.test[1].tolist())


def test_without_a_time_a_fifth_is_kept_back() -> None:
    plan = folds.plan(TARGET, None, classes=True)
    assert plan.by_time == ()
    assert plan.chosen_by == plan.by_chance
    assert len(plan.test[1]) == 60
    assert sum(len(test) for _, test in plan.by_chance) == 240
    assert TARGET[plan.test[1]].mean() == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ([5, 5, 5, 5], [0, 0, 0, 0]),
        ([1, 2, 3], [0, 1, 2]),
        ([3, 1, 2, 1], [2, 0, 1, 0]),
        (list(range(10)), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),
        ([0] * 7 + [1, 2, 3, 4, 5], [0] * 7 + [1, 1, 2, 2, 2]),
    ],
)
def test_blocks(at: list[int], expected: list[int]) -> None:
    found = folds.blocks(np.array(at))
    assert found.max() == max(expected)
    for moment in set(at):
        assert len(set(found[np.array(at) == moment].tolist())) == 1
    order = np.argsort(at, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize(
    ("target", "at", "words"),
    [
        (TARGET, np.zeros(300, int), "fewer than 3 different times"),
        (np.repeat([0.0, 1.0], 150), np.arange(300), "one value only in the earlier"),
        (np.array([0.0] * 299 + [1.0]), None, "too few rows of each kind"),
    ],
)
def test_what_cannot_be_split_is_refused(
    target: np.ndarray, at: np.ndarray | None, words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        folds.plan(target, at, classes=True)
