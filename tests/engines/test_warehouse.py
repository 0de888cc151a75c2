"""The whole way with the tables on PostgreSQL, from the desk's database to segments and figures; and none on Spark."""

import sys
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend

from analytics import engine as engines
from analytics.engine import add
from analytics.insight.dashboard import dashboard
from analytics.insight.scoring.everybody import score_everybody, scored_at
from analytics.segments.people import People
from analytics.segments.rule import read
from analytics.warehouse.place import Warehouse
from analytics.warehouse.service import refresh_warehouse
from analytics.warehouse.store import Transaction, prepare
from analytics.warehouse.tables import SCHEMAS
from desk.errors import ConflictError, SettingsError
from desk.store.database import Database
from tests.conftest import NOON
from tests.scoring import conftest as shop
from tests.scoring.test_everybody import QUICK
from tests.warehouse.world import World, contents, refreshed

pytestmark = pytest.mark.postgres


@pytest.fixture
def warehouse(tmp_path: Path, postgres_engine_url: str) -> Warehouse:
    """Return tables on PostgreSQL."""
    return Warehouse(tmp_path, postgres_engine_url)


def _contents(warehouse: Warehouse) -> Any:
    with warehouse.reading() as engine:
        return contents(engine)


async def test_what_changed_comes_to_the_same_as_everything(
    database: Database, warehouse: Warehouse
) -> None:
    world = World(database, 3)
    await world.begin()
    assert (await refresh_warehouse(database, warehouse)).full
    for _ in range(2):
        for _ in range(20):
            await world.step()
        done = await refresh_warehouse(database, warehouse)
        assert not done.full
        assert done.touched
        home = ibis.duckdb.connect()
        await refreshed(database, home)
        assert _contents(warehouse) == contents(home)
        home.disconnect()
    assert world.done["merge"]
    assert (await refresh_warehouse(database, warehouse)).touched == frozenset()
    assert (await refresh_warehouse(database, warehouse, full=True)).full
    with warehouse.reading() as engine:
        assert not [name for name in engine.list_tables() if name.endswith("_next")]
        people = engine.table("person").to_pyarrow().to_pylist()
    # And segments are asked there.
    asked = {"where": {"kind": "person", "field": "email", "op": "contains", "value": "EXAMPLE"}}
    found = await People(warehouse.reading).preview(read(asked), NOON)
    assert (found.people, found.size) == (
        len(people),
        sum("example" in (one["email"] or "") for one in people),
    )
    assert found.size


async def test_a_run_that_is_cut_changes_nothing_and_readers_go_on(
    database: Database, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, 3)
    await world.begin()
    await refresh_warehouse(database, warehouse)
    before, struck = _contents(warehouse), 0
    honest = Transaction.commit

    def cut(self: Transaction) -> None:
        nonlocal struck
        # Somebody who reads while everything is in place but not yet certain sees the old tables, without waiting.
        assert _contents(warehouse) == before
        honest(self)
        struck += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Transaction, "commit", cut)
    for full in (False, True):
        await world.customer()
        with pytest.raises(KeyboardInterrupt):
            await refresh_warehouse(database, warehouse, full=full)
        assert _contents(warehouse) == before
    assert struck == 2
    monkeypatch.undo()
    await refresh_warehouse(database, warehouse)
    assert _contents(warehouse) != before


def test_scores_and_dashboard_are_kept_there(warehouse: Warehouse) -> None:
    chance = np.random.default_rng(7)
    rows = {
        "person": [shop.person(number) for number in range(40)],
        "purchase": [one for number in range(40) for one in shop.orders(number, chance)],
    }
    with warehouse.writing() as engine:
        prepare(engine)
        for name, some in rows.items():
            schema = SCHEMAS[name].to_pyarrow().remove_metadata()
            add(engine, name, pa.Table.from_pylist(some, schema=schema))
    for _ in range(2):
        done = score_everybody(warehouse, shop.NOW, computed=QUICK)
        assert done.left_out == {}
        assert done.people["rfm"] == 40
    assert scored_at(warehouse) == shop.NOW
    with warehouse.reading() as engine:
        tables = {name: engine.table(name) for name in SCHEMAS}
        board = dashboard(tables, shop.NOW.replace(tzinfo=None))
        assert tables["score"].count().to_pyarrow().as_py() == sum(done.people.values())
    assert board.buyers == 40
    assert sum(bar.people for bar in board.bars["rfm"]) == 40


def test_two_machines_do_not_write_at_once(
    warehouse: Warehouse, tmp_path: Path, postgres_engine_url: str
) -> None:
    other = Warehouse(tmp_path / "other", postgres_engine_url)
    with (
        warehouse.writing(),
        pytest.raises(ConflictError, match="another machine is refreshing"),
        other.writing(),
    ):
        pytest.fail("two at once")
    with other.writing() as engine:
        prepare(engine)


TEXTS = ["", None, '"quoted"', "a,b", "two\nlines", "\\.", "\\N", "NULL", "茶", " x "]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"], indirect=True)
def test_texts_numbers_and_times_arrive_as_they_are(engine: BaseBackend) -> None:
    size = len(TEXTS)
    rows = pa.table(
        {
            'odd "name"': TEXTS,
            "number": pa.array([0.1, None, -1e300, 1 / 3, 5e-324, 2.0**60, 0.0, 1.5, -0.1, 7.0]),
            "count": pa.array([None, -(2**63), 2**63 - 1, *range(size - 3)], pa.int64()),
            "yes": pa.array([True, False, None, *[True] * (size - 3)]),
            "at": pa.array([None, 1, -1, *range(10**15, 10**15 + size - 3)], pa.timestamp("us")),
            "day": pa.array([None, 0, -400_000, *range(size - 3)], pa.int32()).cast(pa.date32()),
        }
    )
    engine.create_table("odd", schema=ibis.Schema.from_pyarrow(rows.schema))
    add(engine, "odd", rows.slice(0, 4))
    add(engine, "odd", rows.slice(4))
    add(engine, "odd", rows.slice(0, 0))
    found = engine.table("odd").to_pyarrow().to_pylist()
    assert sorted(found, key=repr) == sorted(rows.to_pylist(), key=repr)


def test_tables_are_not_kept_up_to_date_on_spark(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match=r"'pyspark' can be read from, but .*duckdb://FILE"),
        Warehouse(tmp_path, "pyspark://warehouse").writing(),
    ):
        pytest.fail("nothing can be changed there")


@pytest.mark.parametrize(
    ("url", "module", "words"),
    [
        ("postgres://localhost/x", "psycopg", r"frontdesk\[analytics-postgres\]"),
        ("pyspark://x", "pyspark", r"frontdesk\[analytics-spark\] and Java 17"),
    ],
)
def test_a_driver_that_is_missing_is_named(
    url: str, module: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith((f"{module}.", f"ibis.backends.{url.partition(':')[0]}")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SettingsError, match=f"needs more than is installed .*{words}") as said:
        engines.connect(url)
    assert "\n" not in str(said.value)


def test_a_server_that_does_not_answer_is_told_in_one_line() -> None:
    with pytest.raises(SettingsError, match="'postgres' cannot be used: connection") as said:
        engines.connect("postgres://nobody@127.0.0.1:1/nothing")
    assert "\n" not in str(said.value)
