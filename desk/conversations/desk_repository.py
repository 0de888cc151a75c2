"""Questions agents ask about conversations."""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.contact import ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    Author,
    ConversationRow,
    Direction,
    MessageRow,
    Owner,
)
from desk.tables.outbox import OutboxRow, OutboxState
from desk.tables.shop import CustomerRow
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets.status import DONE

LineRow = Row[ConversationRow, str | None, str | None, Author | None]
"""A conversation, its contact's name, the start of the last words of a person and who wrote them."""

_SNIPPET = 160


def _last_id() -> ScalarSelect[int | None]:
    return (
        select(func.max(MessageRow.id))
        .where(
            MessageRow.conversation_id == ConversationRow.id,
            MessageRow.direction != Direction.NOTE,
            MessageRow.author.in_((Author.CONTACT, Author.AGENT)),
        )
        .correlate(ConversationRow)
        .scalar_subquery()
    )


def line_query() -> Select[ConversationRow, str | None, str | None, Author | None]:
    """Return the question for conversations as lines of the inbox."""
    return (
        select(
            ConversationRow,
            func.coalesce(CustomerRow.name, ContactRow.name),
            func.substr(MessageRow.text, 1, _SNIPPET),
            MessageRow.author,
        )
        .join(ContactRow, ContactRow.id == ConversationRow.contact_id)
        .outerjoin(CustomerRow, CustomerRow.id == ContactRow.customer_id)
        .outerjoin(MessageRow, MessageRow.id == _last_id())
    )


async def lines(
    session: AsyncSession, owner: Owner, limit: int, skip: int = 0
) -> Sequence[LineRow]:
    """Return an owner's conversations: the longest waiting first, the others newest first."""
    order = (
        ConversationRow.waiting_since.asc()
        if owner is Owner.WAITING
        else ConversationRow.updated_at.desc()
    )
    query = line_query().where(ConversationRow.owner == owner).order_by(order, ConversationRow.id)
    return (await session.execute(query.limit(limit).offset(skip))).all()


async def line(session: AsyncSession, conversation_id: str) -> LineRow | None:
    """Return one conversation as the inbox shows it."""
    query = line_query().where(ConversationRow.id == conversation_id)
    return (await session.execute(query)).one_or_none()


async def counts(session: AsyncSession) -> dict[Owner, int]:
    """Return how many conversations each owner has."""
    found = await session.execute(
        select(ConversationRow.owner, func.count()).group_by(ConversationRow.owner)
    )
    known = {row[0]: row[1] for row in found}
    return {owner: known.get(owner, 0) for owner in Owner}


async def files(
    session: AsyncSession, message_ids: Collection[int]
) -> Sequence[Row[int, int, str, int]]:
    """Return (message id, file id, name, size) of the files of some messages."""
    found = await session.execute(
        select(AttachmentRow.message_id, AttachmentRow.id, AttachmentRow.name, AttachmentRow.size)
        .where(AttachmentRow.message_id.in_(message_ids))
        .order_by(AttachmentRow.id)
    )
    return found.all()


async def file(session: AsyncSession, conversation_id: str, file_id: int) -> AttachmentRow | None:
    """Return a file, only if it came in this conversation."""
    return await session.scalar(
        select(AttachmentRow)
        .join(MessageRow, MessageRow.id == AttachmentRow.message_id)
        .where(AttachmentRow.id == file_id, MessageRow.conversation_id == conversation_id)
    )


async def states(session: AsyncSession, message_ids: Collection[int]) -> dict[int, OutboxState]:
    """Return how far each message that was to be sent has come."""
    found = await session.execute(
        select(OutboxRow.message_id, OutboxRow.state).where(OutboxRow.message_id.in_(message_ids))
    )
    return {row[0]: row[1] for row in found}


async def open_tickets(session: AsyncSession, contact_id: str, limit: int) -> Sequence[TicketRow]:
    """Return a contact's unsettled tickets, newest first."""
    found = await session.scalars(
        select(TicketRow)
        .where(TicketRow.contact_id == contact_id, TicketRow.status.not_in(DONE))
        .order_by(TicketRow.id.desc())
        .limit(limit)
    )
    return found.all()


async def ticket_counts(session: AsyncSession) -> dict[TicketStatus, int]:
    """Return how many tickets have each status."""
    found = await session.execute(
        select(TicketRow.status, func.count()).group_by(TicketRow.status)
    )
    known = {row[0]: row[1] for row in found}
    return {status: known.get(status, 0) for status in TicketStatus}
