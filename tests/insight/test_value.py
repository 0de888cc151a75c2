"""Value adds up what the models expect, and says how sure it is."""

import numpy as np
import pytest

from analytics.insight import purchases, spending
from analytics.insight.purchases import History
from analytics.insight.value import Terms, lifetime_value, simple_value, total_purchases
from desk.errors import InvalidError
from tests.insight.cdnow import Cdnow, cdnow


@pytest.fixture(scope="module")
def data() -> Cdnow:
    """Return CDNOW's customers."""
    return cdnow()


def _value(data: Cdnow, terms: Terms) -> np.ndarray:
    model = purchases.fit(History.of(data.frequency, data.recency, data.age))
    money = spending.fit(data.frequency, data.mean)
    return lifetime_value(
        model,
        money,
        terms,
        frequency=data.frequency,
        recency=data.recency,
        age=data.age,
        mean=data.mean,
    )


def test_without_a_discount_it_is_purchases_times_money(data: Cdnow) -> None:
    model = purchases.fit(History.of(data.frequency, data.recency, data.age))
    money = spending.fit(data.frequency, data.mean).expected(data.frequency, data.mean)
    whole = model.expected_more(39, data.frequency, data.recency, data.age) * money
    assert _value(data, Terms(horizon=39, step=4)) == pytest.approx(whole)


def test_discount_margin_and_horizon(data: Cdnow) -> None:
    plain = _value(data, Terms(horizon=40, step=4))
    assert (_value(data, Terms(horizon=40, step=4, discount=0.01)) < plain).all()
    assert (_value(data, Terms(horizon=40, step=4, discount=0.01)) > plain / 1.01**10).all()
    assert _value(data, Terms(horizon=40, step=4, margin=0.3)) == pytest.approx(plain * 0.3)
    assert (_value(data, Terms(horizon=80, step=4)) > plain).all()


def test_the_total_has_an_interval(data: Cdnow) -> None:
    history = History.of(data.frequency, data.recency, data.age)
    found = total_purchases(purchases.fit(history), history, 39)
    assert found.value == pytest.approx(1_654, abs=2)
    assert 1_400 < found.low < 1_600 < 1_700 < found.high < 1_900
    assert found == total_purchases(purchases.fit(history), history, 39), "the seed is fixed"


def test_the_rule_of_thumb() -> None:
    assert simple_value(np.array([120.0]), np.array([12.0]), 0.05, 0.5) == pytest.approx([100.0])


@pytest.mark.parametrize("churn", [0, -0.1, 1.1])
def test_churn_is_a_share(churn: float) -> None:
    with pytest.raises(InvalidError, match="churn"):
        simple_value(np.ones(1), np.ones(1), churn)


@pytest.mark.parametrize(
    "wrong", [{"horizon": 0}, {"step": 0}, {"discount": -1}, {"margin": 0}, {"margin": 2}]
)
def test_terms_make_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidError):
        Terms(**({"horizon": 39.0, "step": 1.0} | wrong))
