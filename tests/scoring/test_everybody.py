"""All scores of a shop's people, put into the engine at once."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.insight import histories, purchases, rfm
from analytics.insight.purchases import History
from analytics.insight.scoring.everybody import COMPUTED, Scored, score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from desk.errors import InvalidError
from tests.scoring.conftest import DAY, NOW, orders, person, put

QUICK = {name: compute for name, compute in COMPUTED.items() if name != "forecasts"}
_SHOP = {"rfm_recency", "rfm_frequency", "rfm_money", "rfm", "cluster", "clv", "alive"}


def shop(warehouse: Warehouse, now: datetime, *more: dict[str, Any]) -> None:
    """Fill the engine with 60 people whose orders go on until now, and score them."""
    chance, at = np.random.default_rng(7), now.replace(tzinfo=None)
    shift = at - person(0)["created_at"] - 300 * DAY
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", [*(person(number) for number in range(60)), *more])
        for number in range(60):
            bought = orders(number, chance)
            put(engine, "purchase", [o | {"placed_at": o["placed_at"] + shift} for o in bought])
    score_everybody(warehouse, now, computed=QUICK)


def _scores(warehouse: Warehouse) -> dict[str, dict[str, tuple[float, str | None]]]:
    with warehouse.reading() as engine:
        found: dict[str, dict[str, tuple[float, str | None]]] = {}
        for row in engine.table("score").to_pyarrow().to_pylist():
            found.setdefault(row["name"], {})[row["person_id"]] = (row["value"], row["word"])
    return found


def test_everybody_who_bought_has_every_score(warehouse: Warehouse) -> None:
    done = score_everybody(warehouse, NOW)
    assert done.left_out == {}
    assert set(done.people) >= _SHOP | {"churn", "response", "value", "potential"}
    found = _scores(warehouse)
    assert {name: len(rows) for name, rows in found.items()} == dict(done.people)
    assert all(done.people[name] == 200 for name in _SHOP)
    for name in ("rfm_recency", "rfm_frequency", "rfm_money"):
        assert {value for value, _ in found[name].values()} == {1, 2, 3, 4, 5}
    for name in ("alive", "churn", "response"):
        assert all(0 <= value <= 1 for value, _ in found[name].values())
    keen = [f"c:{number}" for number in range(0, 200, 4)]
    others = [person for person in found["clv"] if person not in keen]
    assert min(found["clv"][one][0] for one in keen) > max(found["clv"][one][0] for one in others)
    assert Counter(found["rfm"][one][1] for one in keen).most_common(1)[0][0] == "champions"
    stopped = [f"c:{n}" for n in range(200) if n % 4 and n % 3 == 0]
    going = [person for person in others if person not in stopped]

    def mean(name: str, people: list[str]) -> float:
        return float(np.mean([found[name][one][0] for one in people]))

    assert mean("alive", stopped) < mean("alive", going) < mean("alive", keen)
    assert mean("churn", stopped) > mean("churn", going) > mean("churn", keen)


def test_they_are_what_the_pure_functions_say(warehouse: Warehouse) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    found = _scores(warehouse)
    with warehouse.reading() as engine:
        bought = engine.table("purchase")
        bought = bought.select(customer="person_id", at="placed_at", amount="amount")
        scored = rfm.scored(rfm.features(bought, datetime(2026, 6, 14, 23, 59, 59)))  # noqa: DTZ001
        for row in scored.to_pyarrow().to_pylist():
            mine = [
                found[f"rfm_{one}"][row["customer"]][0]
                for one in ("recency", "frequency", "money")
            ]
            assert mine == [row["r"], row["f"], row["m"]]
            assert found["rfm"][row["customer"]][1] == row["name"]
        known = histories.histories(bought, until=NOW.replace(tzinfo=None)).to_pyarrow()
    x, t_x, age = (known[name].to_numpy() for name in ("frequency", "recency", "age"))
    alive = purchases.fit(History.of(x, t_x, age)).alive(x, t_x, age)
    for one, chance in zip(known["customer"].to_pylist(), alive, strict=True):
        assert found["alive"][one][0] == pytest.approx(chance, abs=1e-6)


def test_what_is_cancelled_or_to_come_does_not_count(warehouse: Warehouse) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    before = _scores(warehouse)
    at = NOW.replace(tzinfo=None)
    order = {"person_id": "c:1", "amount": 1e6, "currency": "USD"}
    with warehouse.writing() as engine:
        put(
            engine,
            "purchase",
            [
                {**order, "order_number": "x", "status": "cancelled", "placed_at": at - 3 * DAY},
                {**order, "order_number": "y", "status": "delivered", "placed_at": at + 3 * DAY},
            ],
        )
    score_everybody(warehouse, NOW, computed=QUICK)
    after = _scores(warehouse)
    for name in _SHOP:
        for one, (value, word) in before[name].items():
            # The engine adds up in whatever order its threads come.
            assert after[name][one] == (pytest.approx(value, rel=1e-6), word), name


def test_groups_keep_their_numbers(warehouse: Warehouse) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    first = {person: label for person, (label, _) in _scores(warehouse)["cluster"].items()}
    for days in (1, 2, 3):
        score_everybody(warehouse, NOW + days * DAY, computed=QUICK)
    later = {person: label for person, (label, _) in _scores(warehouse)["cluster"].items()}
    assert sum(first[one] == later[one] for one in first) >= 0.95 * len(first)


def test_what_cannot_be_told_is_left_out_with_the_reason(tmp_path: Path) -> None:
    place = Warehouse(tmp_path)
    with place.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(1)])
    done = score_everybody(place, NOW)
    assert set(done.left_out) >= {"recency, frequency, money", "groups", "value", "forecasts"}
    assert all(reason for reason in done.left_out.values())
    assert _scores(place).keys() <= {"potential"}


def test_an_old_score_does_not_pass_for_a_new_one(warehouse: Warehouse) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    with warehouse.writing() as engine:
        engine.create_table("purchase", schema=SCHEMAS["purchase"], overwrite=True)
    done: Scored = score_everybody(warehouse, NOW, computed=QUICK)
    assert "value" in done.left_out
    assert not _scores(warehouse).keys() & _SHOP


def test_a_run_that_is_cut_leaves_the_old_scores(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    before, struck = _scores(warehouse), 0

    def cut(*_: object) -> None:
        nonlocal struck
        struck += 1
        raise InvalidError("cut")

    monkeypatch.setattr("analytics.warehouse.store.Copy.add", cut)
    with pytest.raises(InvalidError, match="cut"):
        score_everybody(warehouse, NOW + DAY, computed=QUICK)
    assert struck
    assert _scores(warehouse) == before
