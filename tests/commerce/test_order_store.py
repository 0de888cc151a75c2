"""Orders that are kept many at a time: lines replaced, customers made, cut and taken up, tried without keeping."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from desk.clock import StoppedClock
from desk.commerce import importing
from desk.commerce.importing import Importer
from desk.errors import InvalidError
from desk.imports import files
from desk.imports.report import ImportReport
from desk.store import bulk
from desk.store.database import Database
from desk.store.rehearsal import Rehearsal
from desk.tables.changes import PersonChangeRow
from desk.tables.shop import CustomerRow, OrderLineRow, OrderRow
from tests.conftest import NOON

_HEAD = "number,customer_id,status,placed_at,total,currency,ship_name,ship_address,email,sku,name_en,quantity,price"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file of some rows be several batches."""
    monkeypatch.setattr(importing, "_AT_ONCE", 100)


def _file(path: Path, rows: int, *, status: str = "shipped", lines: int = 1) -> Path:
    with path.open("w") as file:
        print(_HEAD, file=file)
        for number in range(rows):
            day = number % 28 + 1
            for line in range(lines):
                print(
                    f"{number + 1},c{number % 7},{status},2026-02-{day:02}T09:00:00Z,5.00,EUR,Name {number % 7},"
                    f"Street {number},c{number % 7}@example.com,S{line},Tea,1,5.00",
                    file=file,
                )
    return path


async def _take(database: Database, path: Path, **terms: Any) -> ImportReport:
    return await Importer(database, StoppedClock(NOON)).file("orders", path, **terms)


async def _count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_orders_make_the_customers_that_are_missing(
    database: Database, tmp_path: Path
) -> None:
    async with database.write() as session:
        session.add(CustomerRow(id="c0", name="Known", created_at=NOON))
    path = _file(tmp_path / "o.csv", 250)
    refused = await _take(Rehearsal(database), path)
    assert (refused.created, refused.rejected_count) == (36, 214)
    assert refused.rejected[0].reason == "customer_id: there is no 'c1'"
    report = await _take(database, path, new_customers=True)
    assert (report.created, report.rejected_count) == (250, 0)
    assert report.cleaned == {"customer: made from the order": 6}
    async with database.read() as session:
        people = list(await session.scalars(select(CustomerRow).order_by(CustomerRow.id)))
    assert [(one.id, one.name, one.email) for one in people[:3]] == [
        ("c0", "Known", None), ("c1", "Name 1", "c1@example.com"), ("c2", "Name 2", "c2@example.com"),
    ]  # fmt: skip
    # Since the earliest order of theirs that stands in the same batch.
    assert people[1].created_at.isoformat() == "2026-02-02T09:00:00+00:00"
    assert people[1].account_type == "standard"
    again = await _take(database, path, new_customers=True)
    assert (again.created, again.updated, again.cleaned) == (0, 250, {})
    assert await _count(database, CustomerRow) == 7


async def test_known_orders_are_updated_and_their_lines_replaced(
    database: Database, tmp_path: Path
) -> None:
    await _take(database, _file(tmp_path / "1.csv", 230, lines=3), new_customers=True)
    assert await _count(database, OrderLineRow) == 690
    report = await _take(database, _file(tmp_path / "2.csv", 250, status="delivered"))
    assert (report.created, report.updated) == (20, 230)
    assert await _count(database, OrderLineRow) == 250
    async with database.read() as session:
        rows = list(await session.scalars(select(OrderRow)))
    assert {row.status for row in rows} == {"delivered"}
    first = next(row for row in rows if row.number == "1")
    assert first.placed_at.isoformat() == "2026-02-01T09:00:00+00:00"
    assert (first.total_cents, first.carrier, first.shipped_at) == (500, None, None)


async def test_every_order_is_noted_for_the_engine(database: Database, tmp_path: Path) -> None:
    await _take(database, _file(tmp_path / "1.csv", 30), new_customers=True)
    async with database.read() as session:
        query = select(PersonChangeRow.key).where(PersonChangeRow.kind == "customer")
        noted = set(await session.scalars(query))
    assert noted == {f"c{number}" for number in range(7)}


async def test_a_cut_import_goes_on_and_duplicates_are_known(
    database: Database, tmp_path: Path
) -> None:
    path = _file(tmp_path / "o.csv", 350)
    with path.open("a") as file:
        file.write(path.read_text().splitlines()[3] + "\n")
    digest, struck = files.digest(path, "orders"), 0

    def cut(done: int) -> None:
        nonlocal struck
        if done == 200:
            struck += 1
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await _take(database, path, new_customers=True, digest=digest, progress=cut)
    assert struck == 1
    assert await _count(database, OrderRow) == 200
    report = await _take(database, path, new_customers=True, digest=digest)
    assert (report.resumed_at, report.read, report.created) == (200, 351, 350)
    assert [(one.line, one.reason) for one in report.rejected] == [
        (352, "number: 3 stands on line 4 already")
    ]
    assert report.cleaned["duplicate"] == 1


async def test_duplicates_in_one_batch_and_spelt_otherwise(
    database: Database, tmp_path: Path
) -> None:
    path = _file(tmp_path / "o.csv", 3)
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, "#FD-1," + rows[1].partition(",")[2], "order " + rows[2]]))
    report = await _take(database, path, new_customers=True)
    assert report.created == 3
    assert [(one.line, one.reason) for one in report.rejected] == [
        (5, "number: 1 stands on line 2 already"),
        (6, "number: 2 stands on line 3 already"),
    ]


async def test_a_dry_run_keeps_nothing(database: Database, tmp_path: Path) -> None:
    report = await _take(Rehearsal(database), _file(tmp_path / "o.csv", 120), new_customers=True)
    assert (report.created, report.rejected_count) == (120, 0)
    for table in (OrderRow, OrderLineRow, CustomerRow):
        assert await _count(database, table) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_writer_has_its_own_memory_again(database: Database, tmp_path: Path) -> None:
    async def settings() -> list[int]:
        async with database.write() as session:
            names = ("cache_size", "wal_autocheckpoint")
            return [await session.scalar(text(f"PRAGMA {name}")) or 0 for name in names]

    before, during = await settings(), []
    async with bulk.roomy(database):
        during = await settings()
    assert during == [-65_536, 16_000]
    assert await settings() == before != during
    with pytest.raises(InvalidError):
        await _take(database, tmp_path / "none.csv")
    assert await settings() == before
