"""Keeping many orders that are ready: whose they are, which are known, heads and lines."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.order_ready import HEAD, LINE, ReadyOrder
from desk.imports.run import Batch
from desk.store import bulk
from desk.store.core import run
from desk.tables.base import table_of
from desk.tables.shop import CustomerRow, OrderLineRow, OrderRow

_CUSTOMER = ("id", "name", "email", "phone", "account_type", "created_at")
_MADE = "customer: made from the order"


async def write(
    session: AsyncSession, batch: Batch[ReadyOrder], *, makes_customers: bool = False
) -> None:
    """Keep the orders of a batch; those of customers who are not there are left out, or make them."""
    whose = {line: order.customer_id for line, order in batch.records.items()}
    known = await bulk.known(session, CustomerRow, "id", set(whose.values()))
    orphans = [line for line, customer_id in whose.items() if customer_id not in known]
    if makes_customers:
        await _make_customers(session, batch, orphans)
    else:
        for line in orphans:
            batch.reject(line, f"customer_id: there is no {whose[line]!r}")
    batch.updated = await save_orders(session, list(batch.records.values()))
    batch.created = len(batch.records) - batch.updated


async def save_orders(session: AsyncSession, orders: Sequence[ReadyOrder]) -> int:
    """Insert or update orders; the lines are replaced. Return how many were there."""
    if not orders:
        return 0
    numbers = [order.number for order in orders]
    known = await bulk.known(session, OrderRow, "number", numbers)
    await bulk.save(session, OrderRow, HEAD, [order.head for order in orders], key=HEAD[:1])
    if known:
        lines = table_of(OrderLineRow)
        await run(session, delete(lines).where(lines.c.order_number.in_(known)), {})
    rows = [line for order in orders for line in order.lines]
    await bulk.save(session, OrderLineRow, LINE, rows, key=LINE[:2])
    return len(known)


async def _make_customers(
    session: AsyncSession, batch: Batch[ReadyOrder], orphans: Sequence[int]
) -> None:
    """Make customers of what their first orders say of them, and say so."""
    made: dict[str, tuple[object, ...]] = {}
    for line in orphans:
        order = batch.records[line]
        told = _told(order)
        since = min(
            str(told["placed_at"]), str(made.get(order.customer_id, (None,) * 6)[5] or "9")
        )
        kept = (told["ship_name"], told["email"], told["phone"])
        made[order.customer_id] = (order.customer_id, *kept, "standard", since)
    await bulk.add(session, CustomerRow, _CUSTOMER, list(made.values()))
    if made:
        batch.made[_MADE] = len(made)


def _told(order: ReadyOrder) -> Mapping[str, object]:
    return dict(zip(HEAD, order.head, strict=True))
