"""How good the models are is kept with the scores, and the dashboard reads it without training anything."""

from datetime import timedelta
from pathlib import Path

import pytest

from analytics.insight import quality
from analytics.insight.dashboard import dashboard
from analytics.insight.quality import AmountQuality, ChanceQuality, ValueQuality
from analytics.insight.scoring.everybody import is_scored, score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from tests.scoring.conftest import NOW, person, put
from tests.scoring.test_everybody import QUICK

_AT = NOW.replace(tzinfo=None)


def test_the_dashboard_has_the_models(warehouse: Warehouse) -> None:
    # A clock has fractions of a second, which engines take in different ways.
    done = score_everybody(warehouse, NOW.replace(microsecond=320_340))
    assert done.left_out == {}
    with warehouse.reading() as engine:
        tables = {name: engine.table(name) for name in SCHEMAS}
        board = dashboard(tables, _AT)
        score = tables["score"].to_pyarrow().to_pylist()
    assert {name: type(one) for name, one in board.models.items()} == {
        "churn": ChanceQuality,
        "response": ChanceQuality,
        "value": AmountQuality,
        "clv": ValueQuality,
    }
    churn, worth = board.models["churn"], board.models["clv"]
    assert isinstance(churn, ChanceQuality)
    assert isinstance(worth, ValueQuality)
    assert churn.measures.auc > 0.6
    assert churn.days == 90
    values = {name: [r["value"] for r in score if r["name"] == name] for name in done.people}
    assert worth.money.value == pytest.approx(sum(values["clv"]), rel=1e-3)
    assert worth.purchases.value == pytest.approx(sum(values["purchases"]))
    assert worth.alive == pytest.approx(sum(values["alive"]))
    assert sum(bar.people for bar in board.bars["churn_chance"]) == len(values["churn"])
    likely = sum(bar.people for bar in board.bars["alive"] if float(bar.key) >= 0.9)
    assert likely == sum(value >= 0.9 for value in values["alive"])
    many = next(bar.people for bar in board.bars["purchases"] if bar.key == "4")
    assert many == sum(value >= 4 for value in values["purchases"])
    assert board.currency == "USD"


def test_why_there_is_no_model_is_kept(tmp_path: Path) -> None:
    place = Warehouse(tmp_path)
    with place.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(number) for number in range(10)])
    score_everybody(place, NOW)
    with place.reading() as engine:
        board = dashboard({name: engine.table(name) for name in SCHEMAS}, _AT)
    assert board.models == {}
    assert is_scored(place, "c:1"), "everybody has a potential"
    assert not is_scored(place, "c:99")
    assert not is_scored(Warehouse(tmp_path / "nothing"), "c:1")
    assert board.left_out["forecasts"] == "there are no purchases to learn from"
    assert set(board.left_out) >= {"value", "groups", "forecasts"}
    assert board.currency is None


def test_an_old_model_does_not_pass_for_a_new_one(warehouse: Warehouse) -> None:
    score_everybody(warehouse, NOW, computed=QUICK)
    with warehouse.reading() as engine:
        before = engine.table("model").to_pyarrow().to_pylist()
    assert {row["name"] for row in before} == {"clv", quality.LEFT_OUT}
    score_everybody(warehouse, NOW + timedelta(days=1), computed={})
    with warehouse.reading() as engine:
        after = engine.table("model").to_pyarrow().to_pylist()
    assert [row["name"] for row in after] == [quality.LEFT_OUT]
