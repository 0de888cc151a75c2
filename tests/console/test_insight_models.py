"""What the dashboard says of models: how good they are, in both languages, and why there are none."""

import csv
import io
import re
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from analytics.insight.scoring.everybody import score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from tests.conftest import NOON
from tests.console.conftest import Browser
from tests.console.test_insight import charts, services, warehouse
from tests.console.test_reports import Drawn
from tests.scoring.conftest import DAY, orders, person, put
from tests.scoring.test_everybody import shop

__all__ = ["charts", "services", "warehouse"]
_CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what is said of models does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


def _old_shop(warehouse: Warehouse) -> None:
    """Let 120 people have bought for a year and a half, and score them with every model."""
    chance = np.random.default_rng(7)
    shift = NOON.replace(tzinfo=None) - person(0)["created_at"] - 531 * DAY
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(number) for number in range(120)])
        for number in range(120):
            bought = orders(number, chance)
            put(engine, "purchase", [o | {"placed_at": o["placed_at"] + shift} for o in bought])
    assert score_everybody(warehouse, NOON).left_out == {}


async def test_every_model_says_how_good_it_is(
    mo: Browser, warehouse: Warehouse, charts: Drawn
) -> None:
    _old_shop(warehouse)
    page = (await mo.get("/console/insight")).text
    for words in (
        "ROC AUC, later time",
        "random folds",
        "Average precision",
        "Calibration error",
        "Odds ratios",
        "BG/NBD (r ",
        "Root mean square error",
        "Learnt from",
        "from whom nothing was learnt",
    ):
        assert words in page, words
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    shown = re.findall(r'<img src="/console/insight/charts/(\w+)\.svg', page)
    assert {"churn_lift", "churn_calibration", "churn_drivers", "value_calibration"} <= set(shown)
    assert {"churn_chance", "response_chance", "alive", "purchases"} <= set(shown)
    for name in ("churn_calibration", "value_calibration", "churn_lift"):
        assert (await mo.get(f"/console/insight/charts/{name}.png")).content == b"\x89PNG"
    assert [one.picture.form for one in charts.orders] == ["against", "against", "bars"]
    assert all(point.predicted is not None for point in charts.orders[0].picture.points)

    chinese = (await mo.get("/console/insight", headers=_CHINESE)).text
    for words in ("流失风险", "随机折", "简单公式", "优势比", "逻辑回归", "距上次下单天数"):
        assert words in chinese, words
    for english in ("days since", "buys often", "Odds ratios"):
        assert english not in chinese, english

    text = (await mo.get("/console/insight/people.csv")).content.decode("utf-8-sig")
    lines = {(row["panel"], row["key"]): row["share"] for row in csv.DictReader(io.StringIO(text))}
    for name in ("churn", "response"):
        assert 0.4 < float(lines[f"model.{name}", "measures.auc"]) <= 1
    assert float(lines["model.value", "errors.mean_absolute"]) > 0
    assert float(lines["model.clv", "money.low"]) < float(lines["model.clv", "money.high"])


async def test_a_young_shop_hears_why_there_is_no_model(mo: Browser, warehouse: Warehouse) -> None:
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(1), person(2)])
        for number in (1, 2):
            one = {"order_number": f"{number}", "person_id": f"c:{number}", "amount": 20.0}
            at = NOON.replace(tzinfo=None) - 30 * DAY
            put(engine, "purchase", [one | {"placed_at": at, "status": "delivered"}])
    score_everybody(warehouse, NOON)
    page = (await mo.get("/console/insight")).text
    assert page.count("Not computed: the purchases do not go back far enough") == 2
    assert "Not computed: too few people bought a second time." in page
    assert "ROC AUC" not in page
    assert (await mo.get("/console/insight/charts/churn_lift.svg")).status_code == 404
    chinese = (await mo.get("/console/insight", headers=_CHINESE)).text
    assert "未计算：购买记录时间太短，至少需要约一年。" in chinese


async def test_what_no_model_was_asked_for_is_not_explained_away(
    mo: Browser, warehouse: Warehouse
) -> None:
    shop(warehouse, NOON)
    page = (await mo.get("/console/insight")).text
    assert page.count("No figures yet") == 2
    assert "Not computed" not in page
