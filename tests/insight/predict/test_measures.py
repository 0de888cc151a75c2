"""Figures of quality: by hand, and as scikit-learn has them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from analytics.insight.predict import calibration, measures

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: len({one for one, _ in rows}) == 2
)


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_figures_are_those_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    actual = np.array([float(one) for one, _ in rows])
    score = np.array([two / 8 for _, two in rows])
    assert measures.auc(actual, score) == pytest.approx(metrics.roc_auc_score(actual, score))
    precision = metrics.average_precision_score(actual, score)
    assert measures.average_precision(actual, score) == pytest.approx(precision)
    assert measures.brier(actual, score) == pytest.approx(metrics.brier_score_loss(actual, score))
    tenths = measures.lift(actual, score)
    assert sum(one.rows for one in tenths) == len(rows)
    assert sum(one.rows * one.rate for one in tenths) == pytest.approx(actual.sum())
    assert tenths[-1].found == pytest.approx(1)


def test_the_area_by_hand() -> None:
    # Of the four pairs three are in order.
    assert measures.auc(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])) == 0.75
    assert np.isnan(measures.auc(np.ones(3), np.arange(3.0)))
    low, high = measures.auc_interval(0.8, 100, 100)
    # Hanley and McNeil: Q1 = .8/1.2, Q2 = 1.28/1.8; the standard error is .0311.
    assert (high - low) / 2 / 1.96 == pytest.approx(0.0311, abs=5e-4)


def test_lift_and_calibration_by_hand() -> None:
    actual = np.array([1.0] * 5 + [0.0] * 15)
    tenths = measures.lift(actual, -np.arange(20.0))
    assert [one.lift for one in tenths[:4]] == [4.0, 4.0, 2.0, 0.0]
    assert [one.found for one in tenths[:3]] == pytest.approx([0.4, 0.8, 1.0])
    # All scores equal: nobody is first.
    assert {one.lift for one in measures.lift(actual, np.zeros(20))} == {1.0}
    told = measures.bins(actual, np.array([0.9] * 10 + [0.1] * 10))
    assert [(one.rows, one.predicted, one.actual) for one in told] == [
        (10, pytest.approx(0.1), 0.0),
        (10, pytest.approx(0.9), 0.5),
    ]
    assert measures.calibration_error(told) == pytest.approx(0.25)


def test_errors_by_hand() -> None:
    found = measures.errors(np.array([1.0, 2.0, 6.0]), np.array([2.0, 2.0, 3.0]))
    assert found.mean_absolute == pytest.approx(4 / 3)
    assert found.root_mean_square == pytest.approx(np.sqrt(10 / 3))
    assert (found.median, found.bias) == (1.0, pytest.approx(-2 / 3))
    assert found.explained == pytest.approx(1 - 10 / 14)


def test_a_score_that_is_too_sure_is_calibrated() -> None:
    chance = np.random.default_rng(1)
    real = chance.uniform(0.05, 0.95, 20_000)
    actual = (chance.random(20_000) < real).astype(float)
    odds = np.log(real / (1 - real))
    bold = 1 / (1 + np.exp(-(3 * odds + 1)))
    found = calibration.fit(actual, bold)
    assert found.slope == pytest.approx(1 / 3, abs=0.02)
    assert found.shift == pytest.approx(-1 / 3, abs=0.05)
    before = measures.calibration_error(measures.bins(actual, bold))
    after = measures.calibration_error(measures.bins(actual, found.apply(bold)))
    assert after < 0.015 < 0.1 < before


def test_a_score_that_is_wrong_says_the_rate_of_all() -> None:
    actual = np.array([0.0, 0.0, 0.0, 1.0] * 50)
    found = calibration.fit(actual, 1 - actual * 0.5 - 0.2)
    assert found.apply(np.array([0.0, 0.3, 1.0])) == pytest.approx([0.25] * 3)
