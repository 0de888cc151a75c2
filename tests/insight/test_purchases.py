"""BG/NBD gives the published figures, and refuses what it cannot learn from."""

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from analytics.insight import purchases
from analytics.insight.purchases import History, PurchaseModel, fit
from desk.errors import InvalidError
from tests.insight.cdnow import cdnow

PUBLISHED = PurchaseModel(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def history() -> History:
    """Return CDNOW's customers."""
    data = cdnow()
    return History.of(data.frequency, data.recency, data.age)


def test_the_published_parameters_are_found(history: History) -> None:
    model = fit(history)
    assert astuple(model) == pytest.approx(astuple(PUBLISHED), abs=6e-4)
    assert model.log_likelihood(history) == pytest.approx(-9582.4, abs=0.05)
    assert model.log_likelihood(history) >= PUBLISHED.log_likelihood(history)


def test_another_start_is_made_only_where_one_may_stop_early(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[object] = []
    honest = purchases._climbed

    def climbed(start: tuple[float, ...], sums: Any) -> Any:
        starts.append(start)
        return honest(start, sums)

    monkeypatch.setattr(purchases, "_climbed", climbed)
    one = fit(history)
    assert len(starts) == 1
    few = History(
        frequency=history.frequency,
        recency=history.recency,
        age=history.age,
        count=history.count / 10,
    )
    assert astuple(fit(few)) == pytest.approx(astuple(one), rel=1e-4)
    assert len(starts) == 3
    # All starts come to the same place, and one that is not level there is not believed.
    monkeypatch.setattr(purchases, "_LEVEL", 0.0)
    assert astuple(fit(history)) == pytest.approx(astuple(one), rel=1e-4)
    assert len(starts) == 5


def test_the_unit_of_time_changes_only_alpha(history: History) -> None:
    data = cdnow()
    weeks, days = fit(history), fit(History.of(data.frequency, data.recency * 7, data.age * 7))
    assert days.alpha == pytest.approx(weeks.alpha * 7, rel=1e-4)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-4)


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)],
)
def test_purchases_expected_of_somebody_new(
    history: History, weeks: float, expected: float
) -> None:
    assert float(fit(history).expected(weeks)) == pytest.approx(expected, abs=2e-3)


def test_purchases_expected_of_somebody_known() -> None:
    assert float(PUBLISHED.expected_more(39, 2, 30.43, 38.86)) == pytest.approx(1.226, abs=5e-4)


def test_the_chances_of_a_number_of_purchases() -> None:
    assert PUBLISHED.probability(0, 39) == pytest.approx(0.5737864, abs=1e-6)
    assert PUBLISHED.probability(10, 2) == pytest.approx(1.07869e-07, rel=1e-4)
    assert sum(PUBLISHED.probability(n, 39) for n in range(400)) == pytest.approx(1, abs=1e-3)
    mean = sum(n * PUBLISHED.probability(n, 5) for n in range(200))
    assert mean == pytest.approx(float(PUBLISHED.expected(5)), rel=1e-3)


def test_who_has_been_away_for_long_has_probably_left() -> None:
    alive = PUBLISHED.alive(np.full(4, 5.0), np.array([39.0, 30.0, 20.0, 5.0]), np.full(4, 39.0))
    assert (np.diff(alive) < 0).all()
    assert ((alive > 0) & (alive < 1)).all()
    assert PUBLISHED.alive(0, 0, 39) == 1


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_slope_is_that_of_the_likelihood(logs: list[float]) -> None:
    data = cdnow()
    few = History.of(data.frequency[:200], data.recency[:200], data.age[:200])
    sums = purchases._Sums.of(few)
    at = np.array(logs)
    measured = approx_fprime(at, lambda z: purchases._loss(z, sums)[0], 1e-6)
    assert purchases._loss(at, sums)[1] == pytest.approx(measured, rel=1e-3, abs=2e-2)


def test_known_parameters_are_found_again() -> None:
    chance = np.random.default_rng(1)
    true, people, age = PurchaseModel(r=0.8, alpha=6.0, a=0.9, b=3.0), 8_000, 52.0
    rows = np.array([_life(true, age, chance) for _ in range(people)])
    found = fit(History.of(rows[:, 0], rows[:, 1], np.full(people, age)))
    assert float(found.expected(52)) == pytest.approx(float(true.expected(52)), rel=0.05)
    assert found.r == pytest.approx(true.r, rel=0.15)


def _life(model: PurchaseModel, age: float, chance: np.random.Generator) -> tuple[int, float]:
    """Live through a customer's time as the model tells it."""
    rate, leaves = chance.gamma(model.r, 1 / model.alpha), chance.beta(model.a, model.b)
    bought, last, at = 0, 0.0, 0.0
    while True:
        at += chance.exponential(1 / rate)
        if at > age:
            return bought, last
        bought, last = bought + 1, at
        if chance.random() < leaves:
            return bought, last


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (([], [], []), "no customers"),
        (([1], [2], [1]), "after the end"),
        (([1.5], [1], [2]), "whole numbers"),
        (([0], [1], [2]), "recency must be 0"),
        (([-1], [0], [2]), "from 0"),
        (([1], [float("nan")], [2]), "numbers"),
    ],
)
def test_what_cannot_be_is_refused(columns: tuple[list[float], ...], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        History.of(*(np.array(one, float) for one in columns))


def test_nobody_bought_again() -> None:
    history = History.of(np.zeros(5), np.zeros(5), np.full(5, 10.0))
    with pytest.raises(InvalidError, match="second time"):
        fit(history)


@pytest.mark.parametrize("people", [30, 300])
def test_where_all_buy_at_one_rate_and_nobody_leaves_the_rate_goes_on(people: int) -> None:
    """The likelihood has no maximum then: it grows, ever more slowly, with ever larger parameters."""
    rate, age = 0.25, np.linspace(2, 30, people)
    x = np.round(rate * age)
    t_x = np.where(x > 0, age * x / (x + 0.5), 0.0)
    model = fit(History.of(x, t_x, age))
    more = model.expected_more(52, x, t_x, age)
    assert np.isfinite(more).all()
    assert more == pytest.approx(52 * x.sum() / age.sum(), rel=0.1)
