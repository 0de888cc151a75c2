"""Where the tables are: a run that is cut changes nothing, a second one is refused, readers go on."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analytics.warehouse.place import Warehouse
from analytics.warehouse.service import refresh_warehouse
from analytics.warehouse.store import Copy, prepare
from desk.errors import ConflictError, NotFoundError, SettingsError
from desk.store.database import Database
from tests.conftest import NOON
from tests.contacts.people import People


def _people(warehouse: Warehouse) -> list[str]:
    with warehouse.reading() as engine:
        return sorted(engine.table("person").to_pyarrow()["email"].to_pylist())


async def test_a_refresh_makes_the_file_and_then_keeps_it_up_to_date(
    database: Database, tmp_path: Path
) -> None:
    people, warehouse = People(database, NOON), Warehouse(tmp_path)
    with pytest.raises(NotFoundError, match="frontdesk analytics refresh"):
        _people(warehouse)
    one = await people.person(email="a@example.com")
    assert (await refresh_warehouse(database, warehouse)).full
    assert _people(warehouse) == ["a@example.com"]
    await people.set(one, email="b@example.com")
    done = await refresh_warehouse(database, warehouse)
    assert not done.full
    assert done.touched == frozenset({f"p:{one}"})
    assert _people(warehouse) == ["b@example.com"]
    left = {name for name in os.listdir(tmp_path) if name.startswith("analytics")}
    assert left == {"analytics.duckdb", "analytics.lock"}


async def test_a_run_that_is_cut_leaves_the_tables_and_the_marks(
    database: Database, tmp_path: Path
) -> None:
    people, warehouse = People(database, NOON), Warehouse(tmp_path)
    one = await people.person(email="a@example.com")
    await refresh_warehouse(database, warehouse)
    await people.set(one, email="b@example.com")
    struck = 0
    for full in (False, True):
        with pytest.raises(asyncio.CancelledError):
            await _cut(database, warehouse, full=full)
        struck += 1
        assert _people(warehouse) == ["a@example.com"]
    assert struck == 2
    done = await refresh_warehouse(database, warehouse)
    assert done.touched == frozenset({f"p:{one}"})
    assert _people(warehouse) == ["b@example.com"]


async def _cut(database: Database, warehouse: Warehouse, *, full: bool) -> None:
    """Refresh until rows are in the engine, and end as somebody who presses Ctrl-C."""

    def cut(self: Any) -> None:
        assert len(self._engine.table("person").to_pyarrow()) == 1
        raise asyncio.CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Copy, "commit", cut)
        await refresh_warehouse(database, warehouse, full=full)


def test_a_reader_goes_on_while_somebody_writes(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    tag = pa.table({"person_id": ["p:1"], "tag": ["old"]})
    with warehouse.writing() as engine:
        prepare(engine)
        engine.insert("tag", tag)
    with warehouse.reading() as reader:
        with warehouse.writing() as engine:
            engine.insert("tag", tag)
        assert len(reader.table("tag").to_pyarrow()) == 1
    with warehouse.reading() as reader:
        assert len(reader.table("tag").to_pyarrow()) == 2


_HOLD = """
import pathlib, sys
from analytics.warehouse.place import Warehouse
with Warehouse(pathlib.Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_process_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(ConflictError, match=f"process {other.pid}.*refreshing analytics"),
            Warehouse(tmp_path).writing(),
        ):
            pytest.fail("two at once")
        other.kill()
        other.wait()
    # Who dies leaves neither a lock nor half of a file.
    with Warehouse(tmp_path).writing() as engine:
        prepare(engine)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        (None, "data/analytics.duckdb"),
        ("duckdb://var/a.duckdb", "var/a.duckdb"),
        ("duckdb:///srv/a.duckdb", "/srv/a.duckdb"),
    ],
)
def test_where_the_file_is(url: str | None, file: str) -> None:
    assert Warehouse(Path("data"), url).file == Path(file)


@pytest.mark.parametrize("url", ["duckdb://", "duckdb://:memory:"])
def test_a_warehouse_in_memory_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="name a file"):
        Warehouse(Path("data"), url)


def test_a_backend_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="FRONTDESK_ANALYTICS_URL: 'nosuch' cannot be used"),
        Warehouse(tmp_path, "nosuch://x").writing(),
    ):
        pytest.fail("there is no such backend")


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "analytics.duckdb").write_text("not a database")
    with (
        pytest.raises(SettingsError, match="cannot be used for analytics"),
        Warehouse(tmp_path).reading(),
    ):
        pytest.fail("it is no database")
