"""Features of a moment know nothing of later; models of the past are tried on later time and become scores."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.insight.predict import churn, features, outcomes, potential
from analytics.insight.predict.features import Tables
from desk.errors import InvalidError
from tests.insight.predict import shop

AS_OF = shop.FIRST + timedelta(days=400)
HORIZON = timedelta(days=90)


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Return the shop's tables."""
    return shop.tables(shop.engine(), shop.made())


def _people(tables: Tables, at: Any = AS_OF) -> dict[str, dict[str, Any]]:
    found = features.people(tables, at).to_pyarrow().to_pylist()
    return {row["person_id"]: row for row in found}


def test_later_rows_change_nothing(tables: Tables) -> None:
    data = shop.made()
    before = {
        "person": "created_at",
        "purchase": "placed_at",
        "activity": "occurred_at",
        "ticket": "created_at",
        "feedback": "answered_at",
    }
    later = {name: [r for r in data[name] if r[at] >= AS_OF] for name, at in before.items()}
    assert all(len(rows) > 5 for name, rows in later.items() if name != "person"), later.keys()
    kept = {name: [r for r in data[name] if r[at] < AS_OF] for name, at in before.items()}
    numbers = {row["order_number"] for row in kept["purchase"]}
    lines = [row for row in data["purchase_line"] if row["order_number"] in numbers]
    early = shop.tables(shop.engine(), data | kept | {"purchase_line": lines})
    for row in kept["ticket"]:  # what was resolved later was still open
        row["resolved_at"] = row["resolved_at"] if row["resolved_at"] < AS_OF else None
    open_then = shop.tables(shop.engine(), data | kept | {"purchase_line": lines})
    assert _people(early) == _people(tables) == _people(open_then)
    assert len(_people(tables)) == len(kept["person"])
    # Exactly at the moment is after it.
    one = data["purchase"][0] | {"order_number": "at", "placed_at": AS_OF}
    more = shop.tables(shop.engine(), data | {"purchase": [*data["purchase"], one]})
    assert _people(more) == _people(tables)
    one["placed_at"] = AS_OF - timedelta(seconds=1)
    more = shop.tables(shop.engine(), data | {"purchase": [*data["purchase"], one]})
    assert _people(more) != _people(tables)


def test_features_by_hand() -> None:
    data: shop.Data = {name: [] for name in shop.SCHEMAS}
    data["person"] = [{"person_id": "c:1", "created_at": AS_OF - timedelta(days=500)}]
    data["person"] += [{"person_id": "p:2", "created_at": None}, {"person_id": "p:3"}]
    for number, (days, amount, status) in enumerate(
        [(400, 10.0, "shipped"), (80, 30.0, None), (20, 50.0, "shipped"), (1, 99.0, "cancelled")]
    ):
        row = {"order_number": str(number), "person_id": "c:1", "amount": amount}
        data["purchase"].append(
            row | {"placed_at": AS_OF - timedelta(days=days), "status": status}
        )
    for number, (name, days) in enumerate([("page_view", 100), ("page_view", 3), ("x", 2)]):
        row = {"activity_id": str(number), "person_id": "p:2", "name": name, "channel": "web"}
        data["activity"].append(row | {"occurred_at": AS_OF - timedelta(days=days)})
    for number, resolved in enumerate([None, AS_OF - timedelta(days=1), AS_OF]):
        row = {"ticket_id": number, "person_id": "p:2", "created_at": AS_OF - timedelta(days=5)}
        data["ticket"].append(row | {"resolved_at": resolved})
    found = _people(shop.tables(shop.engine(), data))
    assert set(found) == {"c:1", "p:2"}, "nothing is known of the third"
    one, two = found["c:1"], found["p:2"]
    expected = {"orders": 3, "money": 90, "orders_30": 1, "money_30": 50, "orders_90": 2}
    expected |= {"money_90": 80, "money_365": 80, "recency": 20, "tenure": 500, "gap": 190}
    expected |= {"late": 20 / 190, "mean_order": 30, "activities": 0, "tickets_open": 0}
    assert {name: one[name] for name in expected} == pytest.approx(expected)
    assert (two["page_view_90"], two["activities_90"], two["activities_365"]) == (1, 2, 3)
    assert (two["tickets"], two["tickets_open"], two["orders"]) == (3, 2, 0)
    assert two["recency"] is two["mood"] is two["gap"] is None
    assert two["tenure"] == 100


def test_outcomes_by_hand() -> None:
    data: shop.Data = {name: [] for name in shop.SCHEMAS}
    data["person"] = [
        {"person_id": name, "created_at": AS_OF - timedelta(days=9)} for name in "abcd"
    ]
    # So long ago that there are three moments to look back at.
    old = {"order_number": "old", "person_id": "x", "amount": 1.0}
    data["purchase"] = [old | {"placed_at": AS_OF - timedelta(days=181)}]
    rows = [("a", -5, None), ("a", 0, None), ("b", -5, None), ("b", 90, None), ("c", 5, None)]
    rows += [("d", 5, "cancelled")]
    for number, (person, days, status) in enumerate(rows):
        row = {"order_number": str(number), "person_id": person, "amount": 7.0, "status": status}
        data["purchase"].append(row | {"placed_at": AS_OF + timedelta(days=days)})
    click = {"activity_id": "1", "person_id": "b", "name": "link_click"}
    data["activity"] = [click | {"occurred_at": AS_OF + timedelta(days=89)}]
    held = shop.tables(shop.engine(), data)

    seen = churn.past(held, AS_OF + HORIZON, HORIZON)
    assert seen.moments == (AS_OF - 2 * HORIZON, AS_OF - HORIZON, AS_OF)

    def told(outcome: outcomes.Outcome) -> dict[str, float]:
        found = churn.learnt(seen, outcome).to_pyarrow().to_pylist()
        return {r["person_id"]: r["target"] for r in found if r["at_"] == AS_OF}

    assert told(outcomes.CHURN) == {"a": 0, "b": 1}, "the others had not bought before"
    assert told(outcomes.RESPONSE) == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert told(outcomes.VALUE) == {"a": 7, "b": 0}


def test_models_are_tried_later_and_score_everybody(tables: Tables) -> None:
    models = churn.train(tables, shop.NOW, HORIZON)
    assert models.chances["churn"].quality.auc_low > 0.6
    assert all(trial.by_time is not None for trial in models.chances["churn"].trials)
    assert (
        models.amounts["value"].errors.root_mean_square
        < models.amounts["value"].of_mean.root_mean_square
    )
    assert models.left_out == {}
    found = churn.scores(tables, models, shop.NOW).to_pyarrow().to_pylist()
    by_name = {
        name: [r for r in found if r["name"] == name] for name in ("churn", "response", "value")
    }
    people = _people(tables, shop.NOW)
    assert {row["person_id"] for row in by_name["response"]} == set(people)
    assert {row["person_id"] for row in by_name["churn"]} == {
        name for name, row in people.items() if row["orders"]
    }
    assert all(0 < row["value"] < 1 for row in by_name["churn"])
    words = {row["word"]: row["value"] for row in by_name["churn"]}
    assert words["low"] < 1 / 3
    assert words["high"] >= 2 / 3
    assert list(found[0]) == list(shop.SCHEMAS["score"].names)
    recency = [people[row["person_id"]]["recency"] for row in by_name["churn"]]
    chance = [row["value"] for row in by_name["churn"]]
    old = [c for c, days in zip(chance, recency, strict=True) if days > 200]
    new = [c for c, days in zip(chance, recency, strict=True) if days < 20]
    assert min(len(old), len(new)) > 20
    assert sum(old) / len(old) > 0.5 + sum(new) / len(new)


def test_too_little_time_is_told(tables: Tables) -> None:
    with pytest.raises(InvalidError, match="choose at most 180"):
        churn.train(tables, shop.NOW, timedelta(days=300))
    empty = shop.tables(shop.engine(), {name: [] for name in shop.SCHEMAS})
    with pytest.raises(InvalidError, match="no purchases"):
        churn.train(empty, shop.NOW, HORIZON)


def test_potential_is_what_similar_people_spend(tables: Tables) -> None:
    known = features.people(tables, shop.NOW).cache()
    groups = potential.similar(known)
    placed = groups.nearest(known).to_pyarrow().to_pylist()
    found = potential.potential(known, groups).to_pyarrow().to_pylist()
    assert len(found) == len(placed) == len(_people(tables, shop.NOW))
    by_group: dict[int, list[float]] = {}
    for row in placed:
        by_group.setdefault(row["group"], []).append(row["money"])
    assert len(by_group) > 1
    own = {row["person_id"]: row for row in placed}
    for row in found:
        mine = own[row["person_id"]]
        others = sorted(by_group[mine["group"]])
        place = 0.75 * (len(others) - 1)
        low = others[int(place)]
        usual = low + (place % 1) * (others[min(int(place) + 1, len(others) - 1)] - low)
        assert row["score"] == pytest.approx(max(0.0, usual - mine["money"]))
    assert {
        row["name"] for row in potential.scores(tables, shop.NOW).to_pyarrow().to_pylist()
    } == {"potential"}


def test_what_cannot_be_learnt_is_left_out_and_the_rest_is_there() -> None:
    data = shop.made(60)
    for row in data["activity"]:  # then everybody responds
        row["name"] = "link_click"
    for number, person in enumerate(data["person"]):
        for day in range(0, 720, 30):
            row = {"activity_id": f"x{number}.{day}", "person_id": person["person_id"]}
            at = shop.FIRST + timedelta(days=day)
            data["activity"].append(row | {"name": "like", "occurred_at": at})
    held = shop.tables(shop.engine(), data)
    models = churn.train(held, shop.NOW, HORIZON)
    assert set(models.left_out) == {"response"}
    assert "same in every row" in models.left_out["response"]
    rows = churn.scores(held, models, shop.NOW).to_pyarrow().to_pylist()
    assert {row["name"] for row in rows} == {"churn", "value"}


def test_of_many_people_some_are_learnt_from(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn, "_MOST_PEOPLE", 150)
    seen = churn.past(tables, shop.NOW, HORIZON)
    found = seen.known.to_pyarrow()
    people = set(found["person_id"].to_pylist())
    assert 100 < len(people) < 200
    whole = churn.past(shop.tables(shop.engine(), shop.made()), shop.NOW, HORIZON).moments
    assert seen.moments == whole
    sums = {r["person_id"]: r["money"] for r in found.to_pylist() if r["at_"] == seen.moments[-1]}
    everybody = _people(tables, seen.moments[-1])
    assert sums == {name: row["money"] for name, row in everybody.items() if name in people}
