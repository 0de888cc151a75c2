"""The engine's tables brought up to date after 10,000 deeds: only whom they are about is read, and nobody else.

Run: ``uv run python -m bench.analytics_refresh --customers 100000`` (SQLite, ten orders a customer). Beside it the
usual way, which is to read everything again; both must come to the same tables.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb
import numpy as np
from sqlalchemy import insert

from analytics.warehouse.place import Warehouse
from analytics.warehouse.refresh import Refreshed
from analytics.warehouse.service import refresh_warehouse
from app import migrate
from bench.figures import deliver, table
from desk.behaviour.importing import BehaviourImporter
from desk.commerce.model import OrderStatus
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.shop import CustomerRow, OrderRow

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_DEEDS = 10_000
_ABOUT = 2_000
"""Customers who did them."""
_AT_ONCE = 10_000
_COMPARED = ("person", "purchase", "activity")


def _customers(count: int) -> Iterator[dict[str, Any]]:
    came = _NOW - timedelta(days=900)
    for n in range(count):
        yield {
            "id": f"k{n}",
            "name": f"N. {n}",
            "email": f"n{n}@example.com",
            "phone": None,
            "account_type": "standard",
            "created_at": came,
        }


def _orders(customers: int, count: int) -> Iterator[dict[str, Any]]:
    chance = np.random.default_rng(7)
    drawn = (chance.integers(0, customers, count), chance.integers(0, 700, count))
    empty = dict.fromkeys(
        ("shipped_at", "expected_at", "delivered_at", "carrier", "tracking_number", "phone")
    )
    for n, (who, day) in enumerate(zip(*(one.tolist() for one in drawn), strict=True)):
        yield empty | {
            "number": str(10_000_000 + n),
            "customer_id": f"k{who}",
            "status": OrderStatus.DELIVERED,
            "placed_at": _NOW - timedelta(days=day + 1),
            "total_cents": 100 + n % 9_000,
            "currency": "EUR",
            "ship_name": f"N. {who}",
            "ship_address": "1 Example Street",
            "email": f"n{who}@example.com",
        }


async def _shop(database: Database, customers: int) -> None:
    for row, rows in (
        (CustomerRow, _customers(customers)),
        (OrderRow, _orders(customers, 10 * customers)),
    ):
        for some in batched(rows, _AT_ONCE):
            async with database.write() as session:
                await session.execute(insert(table_of(row)), list(some))


async def _act(database: Database, customers: int) -> frozenset[str]:
    """Let some do what others' programs report; return who."""
    about = [f"k{n}" for n in range(0, customers, max(1, customers // _ABOUT))][:_ABOUT]
    deeds = [
        {
            "key": f"d{n}",
            "customer_id": about[n % len(about)],
            "name": "email_open",
            "occurred_at": (_NOW - timedelta(seconds=n)).isoformat(),
        }
        for n in range(_DEEDS)
    ]
    report = await BehaviourImporter(database, lambda: _NOW).rows(deeds)
    if report.created != _DEEDS:
        raise AssertionError(report)
    return frozenset(f"c:{one}" for one in about)


async def measure(customers: int) -> tuple[str, dict[str, Any]]:
    """Fill, let 10,000 things happen, refresh; then read everything anew and compare."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        url = f"sqlite:///{folder}/desk.sqlite"
        await asyncio.to_thread(migrate.upgrade, url)
        database = Database(url)
        try:
            return await _measured(database, Path(folder), customers)
        finally:
            await database.close()


async def _measured(
    database: Database, folder: Path, customers: int
) -> tuple[str, dict[str, Any]]:
    mine, anew = Warehouse(folder / "mine"), Warehouse(folder / "anew")
    await _shop(database, customers)
    told = {"first load": await _timed(database, mine)}
    about = await _act(database, customers)
    told["after 10,000 deeds"] = await _timed(database, mine)
    told["everything anew"] = await _timed(database, anew)
    done = told["after 10,000 deeds"][0]
    if done.touched != about:
        raise AssertionError(f"touched {len(done.touched or ())} people, not {len(about)}")
    for name in _COMPARED:
        if _contents(mine, name) != _contents(anew, name):
            raise AssertionError(f"{name} is not what reading everything anew gives")
    rows = [
        [name, f"{wall:.2f}", f"{cpu:.2f}", f"{sum(one.rows.values()):,}"]
        for name, (one, wall, cpu) in told.items()
    ]
    text = (
        f"{customers:,} customers, {10 * customers:,} orders; touched {len(about):,} people\n\n"
        + table(["what", "seconds", "of a core", "rows read"], rows)
    )
    plain = {
        name: {"seconds": wall, "cpu": cpu, "rows": dict(one.rows)}
        for name, (one, wall, cpu) in told.items()
    }
    return text, {"customers": customers, "touched": len(about), "parts": plain}


async def _timed(database: Database, where: Warehouse) -> tuple[Refreshed, float, float]:
    wall, cpu = perf_counter(), process_time()
    done = await refresh_warehouse(database, where)
    return done, perf_counter() - wall, process_time() - cpu


def _contents(where: Warehouse, name: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(where.file), read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()  # noqa: S608


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.analytics_refresh",
        description=__doc__,
        epilog="Example: uv run python -m bench.analytics_refresh --customers 20000",
    )
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    text, plain = asyncio.run(measure(asked.customers))
    deliver(text, plain, as_json=asked.json, out=asked.out)


if __name__ == "__main__":
    main()
