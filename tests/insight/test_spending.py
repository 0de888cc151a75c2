"""Gamma-Gamma gives the published figures, and refuses what it cannot learn from."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from analytics.insight import spending
from analytics.insight.spending import SpendingModel, fit
from desk.errors import InvalidError
from tests.insight.cdnow import cdnow

PUBLISHED = SpendingModel(p=6.25, q=3.74, v=15.44)
FIRST_TEN = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]


def test_the_published_parameters_are_found() -> None:
    data = cdnow()
    assert int((data.frequency > 0).sum()) == 946
    model = fit(data.frequency, data.mean)
    assert astuple(model) == pytest.approx(astuple(PUBLISHED), abs=1e-2)
    assert model.expected(data.frequency, data.mean)[:10] == pytest.approx(FIRST_TEN, abs=1e-2)


def test_the_unit_of_money_changes_only_v() -> None:
    data = cdnow()
    dollars, cents = fit(data.frequency, data.mean), fit(data.frequency, data.mean * 100)
    assert cents.v == pytest.approx(dollars.v * 100, rel=1e-4)
    assert (cents.p, cents.q) == pytest.approx((dollars.p, dollars.q), rel=1e-4)


def test_more_purchases_move_the_estimate_to_what_was_spent() -> None:
    often = np.array([1.0, 5.0, 50.0])
    away = np.abs(PUBLISHED.expected(often, np.full(3, 100.0)) - 100)
    assert (np.diff(away) < 0).all()


def test_the_slope_is_that_of_the_likelihood() -> None:
    x, m = spending._repeaters(cdnow().frequency, cdnow().mean)
    at = np.log([3.0, 3.0, 10.0])
    measured = approx_fprime(at, lambda z: spending._loss(z, x, m)[0], 1e-6)
    assert spending._loss(at, x, m)[1] == pytest.approx(measured, rel=1e-4)


@pytest.mark.parametrize(
    ("frequency", "mean", "words"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0], "fewer than 3"),
        ([1, 2, 3], [5, 0, 1], "above 0"),
        ([1, 2, 3], [5, -1, 1], "above 0"),
        ([1, 2, 3], [5, float("inf"), 1], "above 0"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    frequency: list[float], mean: list[float], words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        fit(np.array(frequency, float), np.array(mean, float))


def test_a_mean_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidError, match="above 1"):
        SpendingModel(p=1, q=0.5, v=1).expected(0, 0)
