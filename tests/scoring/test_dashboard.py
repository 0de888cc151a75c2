"""The dashboard's figures, against loops that were written without the engine."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.insight.board import UNKNOWN, Dashboard
from analytics.insight.dashboard import dashboard
from analytics.insight.scoring.everybody import score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from tests.scoring.conftest import NOW
from tests.scoring.test_everybody import QUICK

_AT = NOW.replace(tzinfo=None)
type Rows = Mapping[str, list[dict[str, Any]]]


@pytest.fixture
def found(warehouse: Warehouse) -> tuple[Dashboard, Rows]:
    """Return the dashboard, and the rows it was made of."""
    score_everybody(warehouse, NOW, computed=QUICK)
    with warehouse.reading() as engine:
        tables = {name: engine.table(name) for name in SCHEMAS}
        rows = {
            name: tables[name].to_pyarrow().to_pylist() for name in ("person", "purchase", "score")
        }
        return dashboard(tables, _AT), rows


def test_every_figure_is_that_of_a_plain_loop(found: tuple[Dashboard, Rows]) -> None:
    board, rows = found
    assert (board.people, board.buyers) == (200, 200)
    genders = Counter(one["gender"] or UNKNOWN for one in rows["person"])
    assert {bar.key: bar.people for bar in board.bars["gender"]} == genders
    assert board.bars["gender"][-1].key == UNKNOWN, "told last, and not left out"
    for name in ("age", "gender", "language", "country"):
        assert sum(bar.people for bar in board.bars[name]) == 200, name

    words: dict[str, dict[str, Any]] = defaultdict(dict)
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows["score"]:
        words[row["name"]][row["person_id"]] = row["word"]
        values[row["name"]][row["person_id"]] = row["value"]
    spent: Counter[str] = Counter()
    for order in rows["purchase"]:
        spent[order["person_id"]] += order["amount"]
    for name in ("rfm", "cluster"):
        people = Counter(words[name].values())
        assert {bar.key: bar.people for bar in board.bars[name]} == people
        for bar in board.bars[name]:
            mine = sum(spent[one] for one, word in words[name].items() if word == bar.key)
            assert bar.money == pytest.approx(mine)
    grid = Counter(
        (
            int(values["rfm_recency"][one]),
            int((values["rfm_frequency"][one] + values["rfm_money"][one] + 1) // 2),
        )
        for one in values["rfm"]
    )
    assert {
        (5 - y, x + 1): n for y, row in enumerate(board.grid) for x, n in enumerate(row) if n
    } == grid
    worth = sorted(values["clv"].values(), reverse=True)
    assert board.expected == pytest.approx(sum(worth))
    assert board.tenths[0] == pytest.approx(sum(worth[:20]) / sum(worth))
    assert sum(board.tenths) == pytest.approx(1)


def test_retention_is_that_of_a_plain_loop(warehouse: Warehouse) -> None:
    now = datetime(2025, 9, 15)  # noqa: DTZ001 - as in the engine
    with warehouse.reading() as engine:
        tables = {name: engine.table(name) for name in SCHEMAS}
        board, orders = dashboard(tables, now), tables["purchase"].to_pyarrow().to_pylist()
    months: dict[str, set[int]] = defaultdict(set)
    for order in orders:
        if order["placed_at"] < now:
            at: datetime = order["placed_at"]
            months[order["person_id"]].add(at.year * 12 + at.month - 1)
    last = now.year * 12 + now.month - 1
    told = 0
    for cohort in board.cohorts:
        year, month = map(int, cohort.month.split("-"))
        first = year * 12 + month - 1
        people = [one for one, mine in months.items() if min(mine) == first]
        assert cohort.people == len(people)
        assert len(cohort.shares) == last - first
        for after, share in enumerate(cohort.shares, start=1):
            if first + after == last:
                assert share is None, "the month is not over"
                continue
            came = sum(first + after in months[one] for one in people)
            assert share == pytest.approx(came / len(people))
            told += 1
    assert told, "no cohort was compared"


def test_rules_name_the_groups(found: tuple[Dashboard, Rows]) -> None:
    board, _ = found
    groups = {bar.key for bar in board.bars["cluster"]}
    assert {one.group for one in board.rules} <= groups
    assert sum(one.coverage for one in board.rules) == pytest.approx(1)
    assert all(0.5 <= one.purity <= 1 for one in board.rules)


def test_an_empty_shop_has_an_empty_dashboard(tmp_path: Path) -> None:
    place = Warehouse(tmp_path)
    with place.writing() as engine:
        prepare(engine)
    with place.reading() as engine:
        board = dashboard({name: engine.table(name) for name in SCHEMAS}, _AT)
    assert (board.people, board.buyers, board.expected) == (0, 0, 0)
    assert not any(board.bars.values())
    assert (board.tenths, board.cohorts, board.rules) == ((), (), ())
