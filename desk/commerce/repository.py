"""Every question about the shop's tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.model import (
    Customer,
    Invoice,
    MatchStatus,
    Order,
    OrderLine,
    Product,
    Refund,
)
from desk.tables.base import Base
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.shop import (
    CustomerRow,
    InvoiceRow,
    MatchAttemptRow,
    OrderLineRow,
    OrderRow,
    ProductRow,
    RefundRow,
)


async def contact_of(
    session: AsyncSession, conversation_id: str, *, lock: bool = False
) -> ContactRow | None:
    """Return the contact of a conversation; with ``lock`` other transactions wait to do the same.

    A conversation that was given to another contact while we waited has that one.
    """
    query = (
        select(ContactRow)
        .join(ConversationRow, ConversationRow.contact_id == ContactRow.id)
        .where(ConversationRow.id == conversation_id)
    )
    if not lock:
        return await session.scalar(query)
    holder = select(ConversationRow.contact_id).where(ConversationRow.id == conversation_id)
    while True:
        found = await session.scalar(query.with_for_update(of=ContactRow))
        if found is None or found.id == await session.scalar(holder):
            return found


async def customer(session: AsyncSession, customer_id: str) -> Customer | None:
    """Return a customer."""
    row = await session.get(CustomerRow, customer_id)
    return _customer(row) if row else None


async def products_named(
    session: AsyncSession, terms: Collection[str], limit: int = 200
) -> list[Product]:
    """Return products whose name holds one of the terms."""
    names = (ProductRow.name_en, ProductRow.name_zh)
    named = [name.icontains(term, autoescape=True) for term in terms for name in names]
    query = select(ProductRow).where(or_(False, *named)).order_by(ProductRow.sku).limit(limit)
    return [_product(row) for row in await session.scalars(query)]


async def attempt(session: AsyncSession, key: str) -> MatchAttemptRow | None:
    """Return the attempt that was made under a key."""
    return await session.scalar(select(MatchAttemptRow).where(MatchAttemptRow.key == key))


async def wrong_by_contact(session: AsyncSession, contact_id: str, since: datetime) -> int:
    """Count a contact's wrong attempts, whichever conversation they were made in."""
    query = (
        select(func.count())
        .select_from(MatchAttemptRow)
        .join(ConversationRow, ConversationRow.id == MatchAttemptRow.conversation_id)
        .where(ConversationRow.contact_id == contact_id, _is_wrong(since))
    )
    return await session.scalar(query) or 0


async def wrong_on_number(session: AsyncSession, number: str, since: datetime) -> int:
    """Count everybody's wrong attempts on a number."""
    query = (
        select(func.count())
        .select_from(MatchAttemptRow)
        .where(MatchAttemptRow.number == number, _is_wrong(since))
    )
    return await session.scalar(query) or 0


def _is_wrong(since: datetime) -> ColumnElement[bool]:
    return MatchAttemptRow.matched.is_(False) & (MatchAttemptRow.attempted_at > since)


def add_attempt(
    session: AsyncSession,
    *,
    key: str,
    conversation_id: str,
    number: str,
    order_number: str | None,
    matched: bool | None,
    status: MatchStatus,
    wrong_attempts: int,
    attempted_at: datetime,
) -> None:
    """Write an attempt down."""
    session.add(
        MatchAttemptRow(
            key=key,
            conversation_id=conversation_id,
            number=number,
            order_number=order_number,
            matched=matched,
            status=status,
            wrong_attempts=wrong_attempts,
            attempted_at=attempted_at,
        )
    )


async def orders_numbered(
    session: AsyncSession, *, order_number: str | None, invoice_number: str | None
) -> list[Order]:
    """Return the order with that number, then the order of the invoice with that number."""
    numbers = [order_number] if order_number else []
    if invoice_number and (invoice := await session.get(InvoiceRow, invoice_number)):
        numbers.append(invoice.order_number)
    if not numbers:
        return []
    rows = await session.scalars(select(OrderRow).where(OrderRow.number.in_(numbers)))
    orders = await _complete(session, rows.all())
    return sorted(orders, key=lambda order: numbers.index(order.number))


async def orders_of(session: AsyncSession, customer_id: str, limit: int) -> list[Order]:
    """Return a customer's orders, newest first."""
    query = (
        select(OrderRow)
        .where(OrderRow.customer_id == customer_id)
        .order_by(OrderRow.placed_at.desc(), OrderRow.number.desc())
        .limit(limit)
    )
    return await _complete(session, (await session.scalars(query)).all())


async def existing(
    session: AsyncSession, table: type[Base], column: str, keys: Collection[str]
) -> set[str]:
    """Return those of the keys that a table has."""
    attribute = getattr(table, column)
    return set(await session.scalars(select(attribute).where(attribute.in_(keys))))


async def _complete(session: AsyncSession, rows: Sequence[OrderRow]) -> list[Order]:
    numbers = [row.number for row in rows]
    lines = await session.scalars(
        select(OrderLineRow)
        .where(OrderLineRow.order_number.in_(numbers))
        .order_by(OrderLineRow.position)
    )
    invoices = await session.scalars(
        select(InvoiceRow)
        .where(InvoiceRow.order_number.in_(numbers))
        .order_by(InvoiceRow.issued_at, InvoiceRow.number)
    )
    refunds = await session.scalars(
        select(RefundRow)
        .where(RefundRow.order_number.in_(numbers))
        .order_by(RefundRow.requested_at, RefundRow.id)
    )
    lines_of = _by_order((row.order_number, _line(row)) for row in lines)
    invoices_of = _by_order((row.order_number, _invoice(row)) for row in invoices)
    refunds_of = _by_order((row.order_number, _refund(row)) for row in refunds)
    return [
        _order(row, lines_of[row.number], invoices_of[row.number], refunds_of[row.number])
        for row in rows
    ]


def _by_order[T](pairs: Iterable[tuple[str, T]]) -> defaultdict[str, list[T]]:
    grouped: defaultdict[str, list[T]] = defaultdict(list)
    for number, value in pairs:
        grouped[number].append(value)
    return grouped


def _customer(row: CustomerRow) -> Customer:
    return Customer(
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        account_type=row.account_type,
        created_at=row.created_at,
    )


def _line(row: OrderLineRow) -> OrderLine:
    return OrderLine(
        position=row.position,
        sku=row.sku,
        name_en=row.name_en,
        name_zh=row.name_zh,
        quantity=row.quantity,
        price_cents=row.price_cents,
    )


def _product(row: ProductRow) -> Product:
    return Product(
        sku=row.sku,
        name_en=row.name_en,
        name_zh=row.name_zh,
        price_cents=row.price_cents,
        currency=row.currency,
        in_stock=row.in_stock,
    )


def _invoice(row: InvoiceRow) -> Invoice:
    return Invoice(
        number=row.number,
        order_number=row.order_number,
        issued_at=row.issued_at,
        due_at=row.due_at,
        total_cents=row.total_cents,
        currency=row.currency,
        status=row.status,
        url=row.url,
    )


def _refund(row: RefundRow) -> Refund:
    return Refund(
        id=row.id,
        order_number=row.order_number,
        amount_cents=row.amount_cents,
        currency=row.currency,
        status=row.status,
        reason=row.reason,
        requested_at=row.requested_at,
        paid_at=row.paid_at,
    )


def _order(
    row: OrderRow,
    lines: Sequence[OrderLine],
    invoices: Sequence[Invoice],
    refunds: Sequence[Refund],
) -> Order:
    return Order(
        number=row.number,
        customer_id=row.customer_id,
        status=row.status,
        placed_at=row.placed_at,
        shipped_at=row.shipped_at,
        expected_at=row.expected_at,
        delivered_at=row.delivered_at,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        total_cents=row.total_cents,
        currency=row.currency,
        ship_name=row.ship_name,
        ship_address=row.ship_address,
        email=row.email,
        phone=row.phone,
        lines=tuple(lines),
        invoices=tuple(invoices),
        refunds=tuple(refunds),
    )
