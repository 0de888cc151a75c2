"""The demo shop's years: the same for the same day, believable, and beside the documented orders, not over them."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import delete

from desk.clock import StoppedClock
from desk.commerce.demo import demo_shop, load_demo
from desk.commerce.demo_store import load_years
from desk.commerce.demo_years import CUSTOMERS, FIRST_NUMBER, DemoYears, demo_years
from desk.commerce.importing import Importer
from desk.commerce.model import OrderStatus
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow, DemographicsRow
from desk.tables.shop import CustomerRow, OrderLineRow, OrderRow
from tests.world import World

_TABLES = (CustomerRow, DemographicsRow, BehaviourRow, OrderRow, OrderLineRow)
_FEW = 40
_ANY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NUMBERS = ("10023", "10031", "10042", "10121")


def test_they_are_the_same_for_the_same_day(clock: StoppedClock) -> None:
    now = clock()
    years = demo_years(now)
    assert years == demo_years(now + timedelta(hours=3))
    assert len(years.customers) == len(years.demographics) == CUSTOMERS
    assert demo_years(now - timedelta(days=40)).orders != years.orders


def test_they_are_a_believable_shop(clock: StoppedClock) -> None:
    now, years = clock(), demo_years(clock())
    placed = [order["placed_at"] for order in years.orders]
    assert max(placed) < now
    assert now - timedelta(days=913 + 2) < min(placed) < now - timedelta(days=800)
    assert (now - max(placed)).days <= 1, "the shop is open"
    assert set(Counter(order["status"] for order in years.orders)) == set(OrderStatus)
    each = Counter(order["customer_id"] for order in years.orders)
    assert 0.85 * CUSTOMERS < len(each) < CUSTOMERS, "a few never bought"
    once = sum(count == 1 for count in each.values())
    assert 0.2 < once / len(each) < 0.5
    assert np.mean(list(each.values())) > 3
    by_month = Counter(at.month for at in placed if at > now - timedelta(days=365))
    assert by_month[12] > 1.2 * by_month[2], "more is bought before the holidays"
    told = years.demographics
    for name in ("gender", "born", "country", "city"):
        unknown = sum(row[name] is None for row in told)
        assert 0 < unknown < 0.5 * CUSTOMERS, name
    assert all(row["occurred_at"] < now for row in years.behaviour)


def test_rows_hang_together_and_name_nobody(clock: StoppedClock) -> None:
    years = demo_years(clock())
    ids, numbers = _keys(years.customers, "id"), _keys(years.orders, "number")
    documented = demo_shop(clock())
    assert not ids & _keys(documented.customers, "id")
    assert not numbers & _keys(documented.orders, "number")
    assert len(ids) == CUSTOMERS
    assert len(numbers) == len(years.orders)
    assert str(FIRST_NUMBER) in numbers
    assert _keys(years.orders, "customer_id") <= ids
    assert _keys(years.lines, "order_number") == numbers
    assert len(_keys(years.behaviour, "key")) == len(years.behaviour)
    for customer in years.customers:
        assert re.fullmatch(r"[A-Z]\. [A-Z]\.", customer["name"])
        assert customer["email"].endswith("@example.com")
    sums: Counter[str] = Counter()
    for line in years.lines:
        sums[line["order_number"]] += line["quantity"] * line["price_cents"]
    assert all(0 <= one["total_cents"] - sums[one["number"]] <= 490 for one in years.orders)


async def test_they_are_loaded_once_and_move_with_time(
    database: Database, world: World, clock: StoppedClock
) -> None:
    await load_demo(Importer(database), clock())
    before = await _documented(world)
    assert await load_years(database, clock(), count=_FEW)
    counts = [len(await world.rows(table)) for table in _TABLES]
    assert counts == _expected(demo_years(clock(), _FEW), len(before[1]))
    assert await _documented(world) == before, "what the documentation tells stays as it is"
    assert not await load_years(database, clock(), count=_FEW)

    placed = await _placed(world)
    clock.advance(timedelta(days=30))
    assert await load_years(database, clock(), count=_FEW)
    assert [len(await world.rows(table)) for table in _TABLES] == counts
    moved = await _placed(world)
    assert {moved[number] - at for number, at in placed.items()} == {
        (clock() - timedelta(days=1)).date() - max(placed.values()).date()
    }
    assert await _documented(world) == before
    assert not await load_years(database, clock(), count=_FEW)


async def test_what_was_cut_is_finished(
    database: Database, world: World, clock: StoppedClock
) -> None:
    await load_years(database, clock(), count=_FEW)
    counts = [len(await world.rows(table)) for table in _TABLES]
    async with database.write() as session:
        await session.execute(delete(OrderRow).where(OrderRow.number < str(FIRST_NUMBER + 50)))
    assert len(await world.rows(OrderRow)) == counts[3] - 50
    assert await load_years(database, clock(), count=_FEW)
    assert [len(await world.rows(table)) for table in _TABLES] == counts


def _keys(rows: list[dict[str, Any]] | tuple[dict[str, Any], ...], name: str) -> set[str]:
    return {row[name] for row in rows}


def _expected(years: DemoYears, documented: int) -> list[int]:
    return [
        len(years.customers) + documented,
        len(years.demographics),
        len(years.behaviour),
        len(years.orders) + 121,
        len(years.lines) + sum(len(one["lines"]) for one in demo_shop(_ANY).orders),
    ]


async def _documented(world: World) -> tuple[list[tuple[Any, ...]], set[str]]:
    orders = [row for row in await world.rows(OrderRow) if len(row.number) == 5]
    told = [
        (row.number, row.status, row.placed_at, row.expected_at, row.total_cents)
        for row in sorted(orders, key=lambda row: row.number)
    ]
    assert set(_NUMBERS) <= {one[0] for one in told}
    assert len(told) == 121
    ids = {row.id for row in await world.rows(CustomerRow) if len(row.id) == 6}
    return told, ids


async def _placed(world: World) -> dict[str, datetime]:
    rows = await world.rows(OrderRow)
    return {row.number: row.placed_at for row in rows if len(row.number) == 6}
