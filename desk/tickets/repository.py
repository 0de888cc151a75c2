"""Every question about tickets."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store.upsert import insert_new
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.shop import CustomerRow, OrderLineRow
from desk.tables.ticket import (
    ACTIVE,
    EntryKind,
    TicketEntryRow,
    TicketRow,
    TicketStatus,
    TicketTagRow,
    TicketTopic,
)
from desk.tickets.model import Entry, Ticket
from desk.tickets.numbers import ticket_number


class Customer(NamedTuple):
    """Who a ticket is of, and where they write."""

    contact: ContactRow
    channel: str
    language: str


async def customer_of(session: AsyncSession, conversation_id: str) -> Customer | None:
    """Return the customer of a conversation, which no merge gives to another before the transaction ends."""
    talk = (
        await session.execute(
            select(ConversationRow.contact_id, ConversationRow.channel, ConversationRow.language)
            .where(ConversationRow.id == conversation_id)
            .with_for_update()
        )
    ).one_or_none()
    contact = await session.get(ContactRow, talk.contact_id) if talk else None
    return Customer(contact, talk.channel, talk.language) if talk and contact else None


async def shop_facts(session: AsyncSession, customer_id: str) -> tuple[str | None, str | None]:
    """Return the kind of account and the telephone number of a customer of the shop."""
    row = await session.get(CustomerRow, customer_id)
    return (row.account_type, row.phone) if row else (None, None)


async def product_of(session: AsyncSession, order_number: str) -> str | None:
    """Return the first product of an order."""
    query = select(OrderLineRow.sku).where(OrderLineRow.order_number == order_number)
    return await session.scalar(query.order_by(OrderLineRow.position).limit(1))


async def by_key(session: AsyncSession, key: str) -> TicketRow | None:
    """Return the ticket that was opened under a key."""
    return await session.scalar(select(TicketRow).where(TicketRow.key == key))


async def insert(session: AsyncSession, row: dict[str, Any]) -> tuple[TicketRow, bool]:
    """Insert a ticket unless its key exists; return the ticket of that key and whether it is new."""
    inserted = await insert_new(session, TicketRow, row, unique=("key",))
    ticket = await by_key(session, row["key"])
    if ticket is None:
        raise LookupError("a ticket vanished between insert and select")
    return ticket, inserted


async def by_id(session: AsyncSession, ticket_id: int, *, lock: bool = False) -> TicketRow | None:
    """Return a ticket; with ``lock`` other transactions wait to do the same."""
    query = select(TicketRow).where(TicketRow.id == ticket_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def by_ids(session: AsyncSession, ids: Collection[int]) -> Sequence[TicketRow]:
    """Return tickets that are part of no other, oldest first."""
    query = select(TicketRow).where(TicketRow.id.in_(ids), TicketRow.merged_into.is_(None))
    return (await session.scalars(query.order_by(TicketRow.id))).all()


async def root(session: AsyncSession, row: TicketRow, *, lock: bool = False) -> TicketRow:
    """Return the ticket that this one became part of, itself if it is none's part."""
    while row.merged_into is not None:
        found = await by_id(session, row.merged_into, lock=lock)
        if found is None:
            return row
        row = found
    return row


async def family(session: AsyncSession, ticket_id: int) -> list[int]:
    """Return a ticket and all that became part of it."""
    tree = select(TicketRow.id).where(TicketRow.id == ticket_id).cte("family", recursive=True)
    parts = select(TicketRow.id).join(tree, TicketRow.merged_into == tree.c.id)
    return list(await session.scalars(select(tree.union(parts).c.id)))


async def successor(session: AsyncSession, ticket_id: int) -> TicketRow | None:
    """Return the newest ticket that goes on from this one, locked."""
    return await session.scalar(
        select(TicketRow)
        .where(TicketRow.follows == ticket_id)
        .order_by(TicketRow.id.desc())
        .limit(1)
        .with_for_update()
    )


async def of_handoffs(session: AsyncSession, conversation_id: str) -> Sequence[TicketRow]:
    """Return the tickets that were left when nobody came, whatever they are about by now, locked."""
    rows = await session.scalars(
        select(TicketRow)
        .where(
            TicketRow.conversation_id == conversation_id,
            TicketRow.key.startswith("handoff:", autoescape=True)
            | (TicketRow.topic == TicketTopic.HANDOFF),
            TicketRow.merged_into.is_(None),
        )
        .order_by(TicketRow.id)
        .with_for_update()
    )
    return rows.all()


async def active_of(session: AsyncSession, conversation_id: str) -> Sequence[TicketRow]:
    """Return a conversation's tickets that are not settled, locked."""
    rows = await session.scalars(
        select(TicketRow)
        .where(TicketRow.conversation_id == conversation_id, TicketRow.status.in_(ACTIVE))
        .order_by(TicketRow.id)
        .with_for_update()
    )
    return rows.all()


async def resolved_before(session: AsyncSession, at: datetime, limit: int) -> Sequence[TicketRow]:
    """Return tickets that were resolved before a time, locked, without those that somebody else holds."""
    rows = await session.scalars(
        select(TicketRow)
        .where(TicketRow.status == TicketStatus.RESOLVED, TicketRow.resolved_at <= at)
        .order_by(TicketRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return rows.all()


async def owned(
    session: AsyncSession, contact_ids: Collection[str], ticket_id: int | None = None
) -> TicketRow | None:
    """Return the newest ticket of these contacts, or the one with this id if it is theirs."""
    query = select(TicketRow).where(TicketRow.contact_id.in_(contact_ids))
    if ticket_id is not None:
        query = query.where(TicketRow.id == ticket_id)
    else:
        query = query.where(TicketRow.merged_into.is_(None))
    return await session.scalar(query.order_by(TicketRow.id.desc()).limit(1))


async def contacts_of_customer(session: AsyncSession, customer_id: str) -> list[str]:
    """Return every contact that proved to be this customer."""
    rows = await session.scalars(
        select(ContactRow.id).where(ContactRow.customer_id == customer_id)
    )
    return list(rows)


async def page(
    session: AsyncSession,
    *,
    status: TicketStatus | None,
    topic: TicketTopic | None,
    before_id: int | None,
    limit: int,
) -> Sequence[TicketRow]:
    """Return tickets, newest first."""
    wanted: list[ColumnElement[bool]] = []
    if status is not None:
        wanted.append(TicketRow.status == status)
    if topic is not None:
        wanted.append(TicketRow.topic == topic)
    if before_id is not None:
        wanted.append(TicketRow.id < before_id)
    query = select(TicketRow).where(*wanted).order_by(TicketRow.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def entries(
    session: AsyncSession, ticket_ids: Collection[int], *, public_only: bool
) -> tuple[Entry, ...]:
    """Return the history of tickets that are one, oldest first; customers see no reasons."""
    query = select(TicketEntryRow).where(TicketEntryRow.ticket_id.in_(ticket_ids))
    if public_only:
        query = query.where(TicketEntryRow.public.is_(True))
    rows = await session.scalars(query.order_by(TicketEntryRow.created_at, TicketEntryRow.id))
    return tuple(_entry(row, public_only=public_only) for row in rows)


async def ticket_of_entry(session: AsyncSession, key: str) -> TicketRow | None:
    """Return the ticket that has the entry of a key."""
    return await session.scalar(
        select(TicketRow)
        .join(TicketEntryRow, TicketEntryRow.ticket_id == TicketRow.id)
        .where(TicketEntryRow.key == key)
    )


def add_entry(
    session: AsyncSession,
    ticket_id: int,
    entry: Entry,
    key: str | None = None,
    *,
    message_id: int | None = None,
) -> TicketEntryRow:
    """Add a line to a ticket's history."""
    row = TicketEntryRow(
        ticket_id=ticket_id,
        key=key,
        kind=entry.kind,
        author=entry.author,
        author_name=entry.author_name,
        text=entry.text,
        old=entry.old,
        new=entry.new,
        public=entry.public,
        created_at=entry.created_at,
        message_id=message_id,
    )
    session.add(row)
    return row


async def index_tags(session: AsyncSession, row: TicketRow) -> None:
    """Write the index of a ticket's tags anew."""
    await session.execute(delete(TicketTagRow).where(TicketTagRow.ticket_id == row.id))
    session.add_all(TicketTagRow(ticket_id=row.id, tag=tag) for tag in row.tags)


def _entry(row: TicketEntryRow, *, public_only: bool) -> Entry:
    hides_text = public_only and row.kind is not EntryKind.COMMENT
    return Entry(
        kind=row.kind,
        author=row.author,
        author_name=row.author_name,
        text=None if hides_text else row.text,
        old=row.old,
        new=row.new,
        public=row.public,
        created_at=row.created_at,
        ticket_id=row.ticket_id,
        id=row.id,
    )


def ticket(row: TicketRow, history: tuple[Entry, ...] = ()) -> Ticket:
    """Return a row as a value."""
    return Ticket(
        id=row.id,
        number=ticket_number(row.id),
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        status=row.status,
        priority=row.priority,
        topic=row.topic,
        title=row.title,
        description=row.description,
        contact_detail=row.contact_detail,
        order_number=row.order_number,
        assignee=row.assignee,
        created_at=row.created_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        version=row.version,
        topic_by=row.topic_by,
        topic_confidence=row.topic_confidence,
        team=row.team,
        product=row.product,
        tags=tuple(row.tags or ()),
        channel=row.channel,
        language=row.language,
        region=row.region,
        segment=row.segment,
        assigned_why=row.assigned_why,
        first_replied_at=row.first_replied_at,
        reopened=row.reopened,
        merged_into=ticket_number(row.merged_into) if row.merged_into else None,
        follows=ticket_number(row.follows) if row.follows else None,
        entries=history,
    )
