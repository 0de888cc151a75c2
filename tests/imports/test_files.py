"""Files of every kind, cut and taken up again, and long ones."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from sqlalchemy import func, select

from app import intake
from desk.behaviour import repository
from desk.clock import StoppedClock
from desk.errors import ConflictError, InvalidError
from desk.imports import files, place
from desk.imports.report import ImportReport, Rejection
from desk.store.database import Database
from desk.store.rehearsal import Rehearsal
from desk.tables.behaviour import BehaviourRow, DemographicsRow
from desk.tables.contact import ContactRow
from desk.tables.imports import ImportRejectionRow, ImportRow
from desk.tables.shop import CustomerRow, OrderLineRow
from tests.conftest import NOON

_CLOCK = StoppedClock(NOON)


async def take(database: Database, kind: str, path: Path, **terms: Any) -> ImportReport:
    return await intake.import_file(database, _CLOCK, kind, path, **terms)


async def counted(database: Database, table: Any) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


_CUSTOMERS: list[dict[str, Any]] = [
    {"id": 1, "name": "A.", "created_at": "2026-01-01", "gender": "F", "born": "1990-05-17"},
    {"id": 2, "name": "小王", "created_at": "2026-01-02", "country": "中国", "city": "Ulm"},
]


def customers_in(folder: Path, ending: str) -> Path:
    """Return a file with two customers."""
    path = folder / f"customers{ending}"
    if ending == ".parquet":
        rows = [
            {
                **row,
                "id": float(row["id"]),
                "created_at": datetime.fromisoformat(row["created_at"]),
            }
            for row in _CUSTOMERS
        ]
        columns = ("id", "name", "created_at", "gender", "born", "country", "city")
        table = pa.table({name: [row.get(name) for row in rows] for name in columns})
        pq.write_table(table, path)
    elif ending == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in _CUSTOMERS]
        path.write_text("\n\n".join(lines), encoding="utf-8")
    else:
        path.write_text(
            "id,name,created_at,gender,born,country,city\n"
            "1,A.,2026-01-01,F,1990-05-17,,\n2,小王,2026-01-02,,,中国,Ulm\n",
            encoding="utf-8",
        )
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
async def test_the_same_people_from_any_file(
    database: Database, tmp_path: Path, ending: str
) -> None:
    path = customers_in(tmp_path, ending)
    report = await take(database, "customers", path)
    assert (report.created, report.rejected) == (2, ())
    assert report.missing == {
        "born": 1, "city": 1, "country": 1, "email": 2, "gender": 1, "phone": 2,
    }  # fmt: skip
    async with database.read() as session:
        people = (await session.scalars(select(CustomerRow).order_by(CustomerRow.id))).all()
        told = (
            await session.scalars(select(DemographicsRow).order_by(DemographicsRow.customer_id))
        ).all()
    assert [(row.id, row.name) for row in people] == [("1", "A."), ("2", "小王")]
    assert people[0].created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert [(row.gender, row.born, row.country, row.city) for row in told] == [
        ("female", date(1990, 5, 17), None, None),
        (None, None, "CN", "Ulm"),
    ]
    assert files.count(path) in (2, 3)


async def test_what_is_not_told_again_stays(database: Database, tmp_path: Path) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    path = tmp_path / "more.csv"
    path.write_text("id,name,created_at,gender,city\n1,A.,2026-01-01,,Bonn\n")
    await take(database, "customers", path)
    async with database.read() as session:
        row = await session.scalar(
            select(DemographicsRow).where(DemographicsRow.customer_id == "1")
        )
    assert row is not None
    assert (row.gender, row.city) == ("female", "Bonn")


async def test_what_cannot_be_is_left_empty_and_counted(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "email,gender,born,country,city\n"
        "a@example.com,robot,1850-01-01,Atlantis,-\n"
        "b@example.com,女,2026-12-24,United Kingdom,12345\n"
        "c@example.com,M,30.02.1990,us,Ulm\n"
        "c@example.com,f,,,\n"
        "nobody,robot,,,\n"
    )
    report = await take(database, "contacts", path)
    assert (report.created, report.rejected_count) == (3, 2)
    assert report.cleaned == {
        "born: impossible age": 2,
        "born: impossible date": 1,
        "city: unknown": 2,
        "country: unknown": 1,
        "duplicate": 1,
        "gender: unknown": 1,
    }
    # What was left empty because it could not be is not counted as missing.
    assert report.missing == {"language": 3, "name": 3, "phone": 3}
    async with database.read() as session:
        query = select(ContactRow.email, DemographicsRow).join(
            DemographicsRow, DemographicsRow.contact_id == ContactRow.id
        )
        found = {row[0]: row[1] for row in await session.execute(query)}
    assert set(found) == {"b@example.com", "c@example.com"}
    assert (found["b@example.com"].gender, found["b@example.com"].country) == ("female", "GB")
    assert (found["c@example.com"].gender, found["c@example.com"].country) == ("male", "US")


async def test_orders_with_their_lines_inside(database: Database, tmp_path: Path) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    line = {"sku": "TEA", "name_en": "Tea", "quantity": 2, "price": Decimal("2.50")}
    order = {
        "number": 10, "customer_id": "1", "status": "shipped", "placed_at": datetime(2026, 2, 1, tzinfo=UTC),
        "total": Decimal("5.00"), "currency": "USD", "ship_name": "A.", "ship_address": "x",
        "email": "a@example.com", "lines": [line, line],
    }  # fmt: skip
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.Table.from_pylist([order, order | {"number": 11}]), path)
    report = await take(database, "orders", path)
    assert (report.created, report.rejected) == (2, ())
    assert await counted(database, OrderLineRow) == 4


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.parquet",
            b"PAR1 is not all of it",
            "a.parquet is not a Parquet file that can be read",
        ),
        ("a.parquet", None, "a.parquet cannot be read: No such file"),
        ("a.jsonl", None, "a.jsonl cannot be read: No such file"),
        ("a.jsonl", b"x" * (4 * 2**20 + 1), "line 1 is longer than 4 MB"),
    ],
)
async def test_files_that_are_none(
    database: Database, tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidError, match=reason):
        await take(database, "customers", path)


async def test_lines_that_are_no_json_are_rejected_alone(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.jsonl"
    good = b'{"email": "a@example.com", "name": ""}'
    bad = [b"{", b"[]", b"\xff", b'{"email": NaN}', b"[" * 100_000]
    path.write_bytes(b"\n".join([good, *bad, b'{"EMAIL": "b@example.com"}']))
    report = await take(database, "contacts", path)
    assert report.created == 2
    assert [(r.line, r.reason.partition(":")[0]) for r in report.rejected] == [
        (2, "this line is not JSON"),
        (3, "this line is not a JSON object"),
        (4, "this line is not JSON"),
        (5, "an e-mail or a phone number is needed"),
        (6, "this line is not JSON"),
    ]


async def test_a_parquet_file_without_a_column_is_refused(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1"]}), path)
    with pytest.raises(InvalidError, match=r"a\.parquet has no column name, created_at; wanted"):
        await take(database, "customers", path)


# --- cut, and taken up again


def behaviour_in(path: Path, rows: int, *, twice: int | None = None) -> Path:
    """Write a file of deeds, some of them nobody's; the last row says row ``twice`` again."""
    with path.open("w") as file:
        file.write("key,customer_id,name,occurred_at,item\n")
        for number in range(rows):
            who = "nobody" if number % 700 == 699 else number % 2 + 1
            file.write(f"k{number},{who},page_view,2026-02-01,/{number % 9}\n")
        if twice is not None:
            file.write(f"k{twice},1,page_view,2026-02-01,/again\n")
    return path


class _Cut:
    """Ends the process, as far as an import can tell, after a number of batches."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.struck = 0

    def __call__(self, _: int) -> None:
        self.left -= 1
        if self.left <= 0:
            self.struck += 1
            raise asyncio.CancelledError


async def test_a_cut_import_goes_on_where_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    path = behaviour_in(tmp_path / "b.csv", 5_500, twice=3)
    digest, cut = files.digest(path, "behaviour"), _Cut(3)
    with pytest.raises(asyncio.CancelledError):
        await take(database, "behaviour", path, digest=digest, progress=cut)
    assert cut.struck == 1
    assert await counted(database, BehaviourRow) == 3_000 - 4
    written = count()
    honest = repository.add

    async def add(session: Any, rows: Any) -> None:
        next(written)
        await honest(session, rows)

    monkeypatch.setattr(repository, "add", add)
    told: list[Rejection] = []
    report = await take(database, "behaviour", path, digest=digest, on_rejected=told.append)
    assert next(written) == 3  # the batches that were left, no more
    assert report.resumed_at == 3_000
    assert (report.read, report.created) == (5_501, 5_500 - 7)
    assert report.cleaned == {"duplicate": 1}
    assert report.rejected_count == len(report.rejected) == len(told) == 8
    assert "k3 stands on line 5 already" in report.rejected[-1].reason
    assert await counted(database, BehaviourRow) == 5_500 - 7
    assert await counted(database, ImportRejectionRow) == 8
    again = await take(database, "behaviour", path, digest=digest)
    assert (again.resumed_at, again.created, again.unchanged) == (0, 0, 5_493)
    assert await counted(database, ImportRow) == 1
    assert await counted(database, ImportRejectionRow) == 8


async def test_a_batch_that_fails_is_not_half_written(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    path = behaviour_in(tmp_path / "b.csv", 2_500)
    digest, struck = files.digest(path, "behaviour"), 0
    honest = place.Place.move

    async def move(self: place.Place, *rest: Any) -> None:
        nonlocal struck
        if self.position == 1_000:
            struck += 1
            raise OSError("the database went away")
        await honest(self, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(place.Place, "move", move)
        with pytest.raises(OSError, match="went away"):
            await take(database, "behaviour", path, digest=digest)
    assert struck == 1
    assert await counted(database, BehaviourRow) == 999
    report = await take(database, "behaviour", path, digest=digest)
    assert (report.resumed_at, report.created, report.rejected_count) == (1_000, 2_497, 3)


async def test_the_same_file_twice_at_once_is_refused(database: Database, tmp_path: Path) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    path = behaviour_in(tmp_path / "b.csv", 3_000)
    digest, turns = files.digest(path, "behaviour"), 0

    async def other() -> None:
        await take(database, "behaviour", path, digest=digest)

    def progress(done: int) -> None:
        nonlocal turns
        turns += 1

    first = asyncio.create_task(
        take(database, "behaviour", path, digest=digest, progress=progress)
    )
    while not turns:
        await asyncio.sleep(0)
    found = await asyncio.gather(first, other(), return_exceptions=True)
    assert [type(one) for one in found].count(ConflictError) == 1
    assert await counted(database, BehaviourRow) >= 1_000


async def test_a_dry_run_says_all_and_keeps_nothing(database: Database, tmp_path: Path) -> None:
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    path = behaviour_in(tmp_path / "b.csv", 2_100, twice=3)
    report = await take(Rehearsal(database), "behaviour", path)
    assert (report.created, report.rejected_count) == (2_097, 4)
    assert report.cleaned == {"duplicate": 1}
    assert await counted(database, BehaviourRow) == 0
    assert await counted(database, ImportRow) == 0


# --- long files


_LONG = """
import asyncio, pathlib, resource, sys
from app import intake
from desk import clock
from desk.imports.report import Rejection
from desk.store.database import Database
from desk.store.rehearsal import Rehearsal

async def main(url, short, long):
    database = Rehearsal(Database(url))
    told = 0

    def tell(_: Rejection) -> None:
        nonlocal told
        told += 1

    await intake.import_file(database, clock.now, "behaviour", pathlib.Path(short))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = await intake.import_file(
        database, clock.now, "behaviour", pathlib.Path(long), on_rejected=tell
    )
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(report.created, report.rejected_count, len(report.rejected), told, most - before)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_long_file_takes_no_more_memory_than_a_short_one(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """200,000 rows, a tenth of them bad; their keys and lines alone would be 30 MB in a dictionary."""
    await take(database, "customers", customers_in(tmp_path, ".csv"))
    short, long = behaviour_in(tmp_path / "short.csv", 5_000), tmp_path / "long.csv"
    with long.open("w") as file:
        file.write("key,customer_id,name,occurred_at\n")
        file.writelines(
            f"long-key-{number:012},{'' if number % 10 == 9 else 1},like,2026-02-01\n"
            for number in range(200_000)
        )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LONG, database_url, str(short), str(long),
        stdout=asyncio.subprocess.PIPE, cwd=Path(files.__file__).parents[2],
    )  # fmt: skip
    out, _ = await child.communicate()
    created, rejected, shown, told, kilobytes = map(int, out.split())
    assert (created, rejected, shown, told) == (180_000, 20_000, 10_000, 20_000)
    assert kilobytes < 24 * 1024


def test_parquet_is_read_as_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {"ID ": list(range(10_000)), "at": pa.array([0] * 10_000, pa.timestamp("ns"))}
    )
    pq.write_table(table, path)
    rows: Iterator[Any] = files.read(path, encoding="utf-8")
    first = next(rows)
    assert (first.line, first.values["id"]) == (1, 0)
    assert first.values["at"] == datetime(1970, 1, 1)  # noqa: DTZ001 - a file may have no zone
    assert sum(1 for _ in rows) == 9_999
