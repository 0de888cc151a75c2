"""What is computed of purchases and people, on every engine and against what was computed without one."""

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from analytics.engine import connect, kept
from analytics.insight import histories, rfm
from analytics.insight.board import Dashboard
from analytics.insight.dashboard import dashboard
from analytics.insight.histories import UNITS
from analytics.insight.scoring.everybody import COMPUTED
from analytics.warehouse.tables import SCHEMAS
from tests.engines.conftest import put
from tests.scoring import conftest as shop

_AT = datetime(2025, 9, 15)  # noqa: DTZ001 - as in the engine
_PEOPLE = 60
type Rows = list[dict[str, Any]]


def _bought() -> Rows:
    """Return purchases with ties, several of one day, amounts that are halves, and times at the edges of days."""
    first = datetime(2026, 1, 1)  # noqa: DTZ001 - as in the engine
    found = []
    for number in range(23):
        for turn in range(number % 4 + 1):
            at = first + timedelta(days=(number * turn) % 9 * 11)
            if number % 5 == 0:
                at += timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)
            paid = float(number % 6) + 0.5 * turn
            found.append({"who": f"k{number}", "day": at, "paid": paid})
    return found


def _by_hand(bought: Rows) -> dict[str, dict[str, Any]]:
    mine: defaultdict[str, Rows] = defaultdict(list)
    for row in bought:
        mine[row["who"]].append(row)
    last = max(row["day"].date() for row in bought)
    found = {
        one: {
            "recency": (last - max(row["day"].date() for row in rows)).days,
            "frequency": len({row["day"].date() for row in rows}),
            "money": sum(row["paid"] for row in rows),
        }
        for one, rows in mine.items()
    }

    def score(name: str, value: float) -> int:
        all_: list[float] = [one[name] for one in found.values()]
        share = (sum(v < value for v in all_) + all_.count(value) / 2) / len(all_)
        return min(5, max(1, math.ceil(5 * share)))

    for one in found.values():
        one["r"] = 6 - score("recency", one["recency"])
        one["f"], one["m"] = score("frequency", one["frequency"]), score("money", one["money"])
        worth = (one["f"] + one["m"] + 1) // 2
        one["name"] = next(n for n, rs, fs in rfm.NAMES if one["r"] in rs and worth in fs)
    return found


def _as_text(engine: BaseBackend, bought: Rows, how: str) -> Table:
    rows = [row | {"day": row["day"].strftime(how)} for row in bought]
    return put(engine, "told", pa.Table.from_pylist(rows))


def test_rfm_and_histories(engine: BaseBackend) -> None:
    bought = _bought()
    columns = rfm.Columns(customer="who", date="day", amount="paid")
    table = put(engine, "bought", pa.Table.from_pylist(bought))
    held = rfm.purchases(table, columns)
    found = rfm.scored(rfm.features(held)).to_pyarrow().to_pylist()
    wanted = _by_hand(bought)
    assert {row.pop("customer"): row for row in found} == wanted
    assert len({one["name"] for one in wanted.values()}) >= 4
    assert rfm.features(held).to_pyarrow().schema.field("recency").type == pa.int64()
    # Dates come as texts of several kinds, too.
    for how in ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S"):
        told = rfm.features(rfm.purchases(_as_text(engine, bought, how), columns)).to_pyarrow()
        assert {row["customer"]: row["recency"] for row in told.to_pylist()} == {
            one: row["recency"] for one, row in wanted.items()
        }
    early = rfm.features(held, datetime(2026, 2, 3)).to_pyarrow().to_pylist()  # noqa: DTZ001
    assert {r["customer"]: r["recency"] for r in early}["k22"] == 33

    until = datetime(2026, 3, 1)  # noqa: DTZ001
    told = histories.histories(held, until=until, unit=UNITS["week"]).to_pyarrow().to_pylist()
    days: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in bought:
        if row["day"].date() <= until.date():
            days[row["who"]][row["day"].date()] += row["paid"]
    assert len(told) == len(days)
    for row in told:
        first, *more = sorted(mine := days[row["customer"]])
        assert row["frequency"] == len(more)
        assert row["recency"] == pytest.approx((max(mine) - first).days / 7)
        assert row["age"] == pytest.approx((until.date() - first).days / 7)
        mean = sum(mine[day] for day in more) / len(more) if more else 0
        assert row["mean"] == pytest.approx(mean)
    later = histories.bought_later(held, until, timedelta(days=20)).to_pyarrow().to_pylist()
    end = until.date() + timedelta(days=20)
    after: defaultdict[str, set[date]] = defaultdict(set)
    for row in bought:
        if until.date() < row["day"].date() <= end:
            after[row["who"]].add(row["day"].date())
    assert {row["customer"]: row["actual"] for row in later} == {
        one: len(mine) for one, mine in after.items()
    }


def _shop(engine: BaseBackend) -> dict[str, Table]:
    chance = np.random.default_rng(7)
    rows: dict[str, Rows] = {name: [] for name in SCHEMAS}
    rows["person"] = [shop.person(number) for number in range(_PEOPLE)]
    for number in range(_PEOPLE):
        rows["purchase"] += shop.orders(number, chance)
    # Somebody whose order was cancelled, one without a person, and one that is to come.
    odd = rows["purchase"][0]
    rows["purchase"] += [
        odd | {"order_number": "x1", "status": "cancelled"},
        odd | {"order_number": "x2", "person_id": None},
        odd | {"order_number": "x3", "placed_at": _AT + shop.DAY},
        odd | {"order_number": "x4", "status": None},
    ]
    return {
        name: put(engine, name, pa.Table.from_pylist(rows[name], _schema(name)))
        for name in SCHEMAS
    }


def _schema(name: str) -> pa.Schema:
    return pa.schema([(f.name, f.type) for f in SCHEMAS[name].to_pyarrow()])


def _scores(tables: dict[str, Table]) -> pa.Table:
    computed = ("recency, frequency, money", "groups", "value")
    return pa.concat_tables([COMPUTED[name](tables, _AT).rows for name in computed])


def _computed(engine: BaseBackend) -> tuple[pa.Table, Dashboard]:
    tables = _shop(engine)
    scores = _scores(tables)
    tables["score"] = put(engine, "score", scores)
    return scores, dashboard(tables, _AT)


@pytest.fixture(scope="module")
def at_home() -> tuple[pa.Table, Dashboard]:
    """Return what an engine of DuckDB computes, which other tests compare with plain loops."""
    engine = ibis.duckdb.connect()
    found = _computed(engine)
    engine.disconnect()
    return found


def test_scores_and_dashboard(engine: BaseBackend, at_home: tuple[pa.Table, Dashboard]) -> None:
    scores, mine = _computed(engine)
    wanted, found = (
        {(r["name"], r["person_id"]): r for r in s.to_pylist()} for s in (at_home[0], scores)
    )
    theirs = at_home[1]
    assert found.keys() == wanted.keys()
    for key, row in found.items():
        assert row["word"] == wanted[key]["word"], key
        assert row["value"] == pytest.approx(wanted[key]["value"], rel=1e-3), key
    assert len(found) >= 7 * _PEOPLE
    assert mine.people == _PEOPLE
    assert (mine.buyers, mine.computed_at) == (theirs.buyers, theirs.computed_at)
    assert mine.grid == theirs.grid
    assert mine.cohorts == theirs.cohorts
    assert len(mine.cohorts) > 1
    assert mine.rules == theirs.rules
    for name, bars in mine.bars.items():
        assert [(b.key, b.people) for b in bars] == [(b.key, b.people) for b in theirs.bars[name]]
        assert [b.money or 0 for b in bars] == pytest.approx(
            [b.money or 0 for b in theirs.bars[name]]
        )
    assert mine.expected == pytest.approx(theirs.expected, rel=1e-3)
    assert mine.tenths == pytest.approx(theirs.tenths, rel=1e-3)


def test_spark_is_reached_by_its_url(session_of_spark: BaseBackend) -> None:
    put(session_of_spark, "there", pa.table({"x": [1, None]}))
    assert connect("pyspark://").table("there").x.isnull().sum().to_pyarrow().as_py() == 1


def test_what_is_kept_stays_as_it_was(engine: BaseBackend) -> None:
    table = put(engine, "changing", pa.table({"x": [1, 2]}))
    held = kept(table.mutate(y=table.x * 2))
    put(engine, "changing", pa.table({"x": [5, 6, 7]}))
    assert sorted(held.y.to_pyarrow().to_pylist()) == [2, 4]
