"""Writes the demo shop's years, in many small transactions, so that customers need not wait; again, it moves them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.demo_data import Row
from desk.commerce.demo_years import CUSTOMERS, FIRST_NUMBER, DemoYears, demo_years
from desk.store import core
from desk.store.database import Database
from desk.store.upsert import insert_missing
from desk.tables.base import Base, table_of
from desk.tables.behaviour import BehaviourRow, DemographicsRow
from desk.tables.shop import CustomerRow, OrderLineRow, OrderRow

_AT_ONCE = 1_000
"""Rows in one transaction, some 30 ms on SQLite."""
_ORDERS_AT_ONCE = 300
FIRST_ID, _LAST_ID = "C-20001", f"C-{20_000 + CUSTOMERS}"
_TIMES: tuple[tuple[type[Base], str, str, tuple[str, ...]], ...] = (
    (CustomerRow, "id", "id", ("created_at",)),
    (BehaviourRow, "key", "customer_id", ("occurred_at",)),
    (
        OrderRow,
        "number",
        "customer_id",
        ("placed_at", "shipped_at", "expected_at", "delivered_at"),
    ),
)
"""Tables with the key of a row, whose it is, and the times that move; orders last, see ``_newest``."""


async def load_years(database: Database, now: datetime, *, count: int = CUSTOMERS) -> bool:
    """Write what is missing, or bring all dates to ``now``; say whether anything changed."""
    newest = await _newest(database)
    if newest is None:
        await _write(database, demo_years(now, count))
        return True
    days = (now.astimezone(UTC).date() - newest).days - 1
    if days > 0:
        await _move(database, timedelta(days=days))
    return days > 0


async def _newest(database: Database) -> date | None:
    """Return the day of the newest order; None when not all are there: the last one written has the first number."""
    orders = table_of(OrderRow)
    mine = orders.c.customer_id.between(FIRST_ID, _LAST_ID)
    query = select(orders.c.placed_at).where(mine).order_by(orders.c.placed_at.desc()).limit(1)
    async with database.read() as session:
        is_whole = await session.get(OrderRow, str(FIRST_NUMBER))
        found = await session.scalar(query) if is_whole else None
    return found.date() if found else None


async def _write(database: Database, years: DemoYears) -> None:
    parts: tuple[tuple[type[Base], list[Row]], ...] = (
        (CustomerRow, years.customers),
        (DemographicsRow, years.demographics),
        (BehaviourRow, years.behaviour),
    )
    for table, rows in parts:
        for some in batched(rows, _AT_ONCE):
            async with database.write() as session:
                await insert_missing(session, table, some)
    lines: dict[str, list[Row]] = {}
    for line in years.lines:
        lines.setdefault(line["order_number"], []).append(line)
    # Downwards: that the first number is there says that all are.
    for some in batched(
        sorted(years.orders, key=lambda one: -int(one["number"])), _ORDERS_AT_ONCE
    ):
        async with database.write() as session:
            await insert_missing(session, OrderRow, some)
            inside = [line for one in some for line in lines[one["number"]]]
            await insert_missing(session, OrderLineRow, inside)


async def _move(database: Database, by: timedelta) -> None:
    for table, key, whose, times in _TIMES:
        columns = table_of(table).c
        mine = columns[whose].between(FIRST_ID, _LAST_ID)
        query = select(*(columns[name] for name in (key, *times))).where(mine)
        async with database.read() as session:
            rows = await core.fetch(session, query, {})
        for some in batched(rows, _AT_ONCE):
            async with database.write() as session:
                await _moved(session, table, key, times, [_later(row, by) for row in some])


def _later(row: Sequence[Any], by: timedelta) -> list[Any]:
    return [row[0], *(None if at is None else at + by for at in row[1:])]


async def _moved(
    session: AsyncSession, table: type[Base], key: str, times: Sequence[str], rows: list[list[Any]]
) -> None:
    held = table_of(table)
    statement = (
        update(held)
        .where(held.c[key] == bindparam("its_key"))
        .values({name: bindparam(f"new_{name}") for name in times})
    )
    names = ("its_key", *(f"new_{name}" for name in times))
    await core.run(session, statement, [dict(zip(names, row, strict=True)) for row in rows])
