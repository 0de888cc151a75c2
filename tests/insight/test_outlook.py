"""The outlook of all customers together, against plain loops and other ways to the same figure."""

from datetime import datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from analytics.insight import outlook
from analytics.insight.histories import UNITS
from analytics.insight.outlook import Past
from analytics.insight.purchases import History
from analytics.insight.value import total_purchases

_NOW = datetime(2026, 6, 1)  # noqa: DTZ001 - as in the engine
_PEOPLE = 400


def _bought(days: int = 900, people: int = _PEOPLE) -> ibis.Table:
    """Let people buy as the models say: gamma rates, a chance to leave after each purchase, gamma amounts."""
    chance = np.random.default_rng(5)
    rows: list[tuple[str, datetime, float]] = []
    for number in range(people):
        rate, leaves = chance.gamma(1.2, 1 / 60), chance.beta(1.5, 6.0)
        mean, at = 50 * chance.gamma(4, 0.25), chance.uniform(0, days - 5)
        while at < days:
            money = float(mean * chance.gamma(5, 0.2))
            rows.append((f"c{number}", _NOW - timedelta(days=days - at), money))
            if chance.random() < leaves:
                break
            at += chance.exponential(1 / rate)
    names, times, amounts = zip(*rows, strict=True)
    table = pa.table(
        {"customer": names, "at": pa.array(times, pa.timestamp("us")), "amount": amounts}
    )
    return ibis.duckdb.connect().create_table("bought", table)


def test_the_outlook_has_its_uncertainty() -> None:
    bought = _bought()
    past, names = Past.of(bought, _NOW, UNITS["week"])
    models = past.fit()
    found = outlook.quality(bought, past, models, 52, _NOW)
    assert found.people == len(names) == _PEOPLE
    assert found.repeaters == int((past.frequency > 0).sum())
    other = total_purchases(models[0], History.of(past.frequency, past.recency, past.age), 52.0)
    assert found.purchases.value == pytest.approx(other.value)
    assert found.purchases.low == pytest.approx(other.low, rel=0.04)
    assert found.purchases.high == pytest.approx(other.high, rel=0.04)
    assert found.money.low < found.money.value < found.money.high
    counted = (found.purchases.high - found.purchases.low) / found.purchases.value
    spent = (found.money.high - found.money.low) / found.money.value
    assert counted < spent < 3 * counted, "amounts add to what counts leave open"
    assert 0 < found.alive < _PEOPLE


def test_the_rule_of_thumb_is_that_of_a_plain_loop() -> None:
    bought = _bought()
    rows = bought.to_pyarrow().to_pylist()
    year = timedelta(days=365)
    late = [row for row in rows if row["at"] >= _NOW - year]
    early = {row["customer"] for row in rows if _NOW - 2 * year <= row["at"] < _NOW - year}
    buyers = {row["customer"] for row in late}
    revenue = sum(row["amount"] for row in late) / len(buyers)
    lost = len(early - buyers) / len(early)
    found = outlook.simple(bought, _NOW)
    assert found is not None
    assert found.buyers == len(buyers)
    assert found.revenue == pytest.approx(revenue)
    assert found.lost == pytest.approx(lost)
    assert found.value == pytest.approx(revenue / lost)
    assert found.lifetime == pytest.approx(1 / lost)


def test_a_young_shop_has_no_rule_of_thumb_and_no_trial() -> None:
    young = _bought(days=150, people=80)
    assert outlook.simple(young, _NOW) is None
    assert outlook.tried(young, _NOW) is None


def test_the_trial_comes_near_and_nearer_than_the_same_rate() -> None:
    bought = _bought()
    found = outlook.tried(bought, _NOW)
    assert found is not None
    then = (_NOW - timedelta(days=1 + 26 * 7)).date()
    days = {
        (row["customer"], row["at"].date())
        for row in bought.to_pyarrow().to_pylist()
        if then < row["at"].date() <= then + timedelta(days=26 * 7)
    }
    known = {
        row["customer"] for row in bought.to_pyarrow().to_pylist() if row["at"].date() <= then
    }
    assert found.people == len(known)
    assert found.actual == sum(customer in known for customer, _ in days)
    assert abs(found.expected - found.actual) < abs(found.naive - found.actual)
    assert found.error < found.naive_error
