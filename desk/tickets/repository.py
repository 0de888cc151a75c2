"""Every question about tickets."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store.upsert import insert_new
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.ticket import TicketEntryRow, TicketRow, TicketStatus, TicketTopic
from desk.tickets.model import Entry, Ticket
from desk.tickets.numbers import ticket_number


async def contact_of(session: AsyncSession, conversation_id: str) -> ContactRow | None:
    """Return the contact of a conversation."""
    return await session.scalar(
        select(ContactRow)
        .join(ConversationRow, ConversationRow.contact_id == ContactRow.id)
        .where(ConversationRow.id == conversation_id)
    )


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


async def owned(
    session: AsyncSession, contact_ids: Collection[str], ticket_id: int | None = None
) -> TicketRow | None:
    """Return the newest ticket of these contacts, or the one with this id if it is theirs."""
    query = select(TicketRow).where(TicketRow.contact_id.in_(contact_ids))
    if ticket_id is not None:
        query = query.where(TicketRow.id == ticket_id)
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
    session: AsyncSession, ticket_id: int, *, public_only: bool
) -> tuple[Entry, ...]:
    """Return a ticket's history, oldest first."""
    query = select(TicketEntryRow).where(TicketEntryRow.ticket_id == ticket_id)
    if public_only:
        query = query.where(TicketEntryRow.public.is_(True))
    rows = await session.scalars(query.order_by(TicketEntryRow.id))
    return tuple(_entry(row) for row in rows)


async def has_entry(session: AsyncSession, key: str) -> bool:
    """Say whether an entry was made under a key."""
    query = select(TicketEntryRow.id).where(TicketEntryRow.key == key)
    return await session.scalar(query) is not None


def add_entry(session: AsyncSession, ticket_id: int, entry: Entry, key: str | None = None) -> None:
    """Add a line to a ticket's history."""
    session.add(
        TicketEntryRow(
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
        )
    )


def _entry(row: TicketEntryRow) -> Entry:
    return Entry(
        kind=row.kind,
        author=row.author,
        author_name=row.author_name,
        text=row.text,
        old=row.old,
        new=row.new,
        public=row.public,
        created_at=row.created_at,
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
        entries=history,
    )
