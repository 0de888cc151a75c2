"""Questions agents ask about conversations."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.desk_model import Place, Queue, Worth
from desk.tables.contact import ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    Author,
    ConversationRow,
    Direction,
    MessageRow,
    Owner,
)
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tables.outbox import OutboxRow, OutboxState
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets.status import DONE

LineRow = Row[ConversationRow, str | None, str | None, Author | None]
"""A conversation, its contact's name, the start of the last words of a person and who wrote them."""

_SNIPPET = 160


def _last_id() -> ScalarSelect[int]:
    # The first of a walk from the end: max() would look at all that was ever said.
    return (
        select(MessageRow.id)
        .where(
            MessageRow.conversation_id == ConversationRow.id,
            MessageRow.direction != Direction.NOTE,
            MessageRow.author.in_((Author.CONTACT, Author.AGENT)),
        )
        .order_by(MessageRow.id.desc())
        .limit(1)
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


def in_queue(queue: Queue, agent: str, *, others: bool = False) -> list[ColumnElement[bool]]:
    """Return what makes a conversation one of a part of the inbox; with ``others``, one's own are not with people."""
    if queue is Queue.SNOOZED:
        return [ConversationRow.snoozed_until.is_not(None)]
    here = [ConversationRow.snoozed_until.is_(None)]
    if queue is Queue.MINE:
        return [ConversationRow.agent == agent, ConversationRow.owner == Owner.HUMAN, *here]
    not_mine = [ConversationRow.agent != agent] if others and queue is Queue.HUMAN else []
    return [ConversationRow.owner == Owner(queue), *not_mine, *here]


async def waiting(session: AsyncSession, limit: int) -> Sequence[ConversationRow]:
    """Return conversations that wait for a person, the longest waiting first."""
    found = await session.scalars(
        select(ConversationRow)
        .where(*in_queue(Queue.WAITING, ""))
        .order_by(ConversationRow.waiting_since, ConversationRow.id)
        .limit(limit)
    )
    return found.all()


async def queue_lines(
    session: AsyncSession,
    queue: Queue,
    agent: str,
    limit: int,
    after: Place | None,
    *,
    others: bool = False,
) -> Sequence[LineRow]:
    """Return the conversations of a part of the inbox, the last changed first, after a place."""
    query = line_query().where(*in_queue(queue, agent, others=others))
    if after is not None:
        place = tuple_(ConversationRow.updated_at, ConversationRow.id)
        query = query.where(place < tuple_(after.at, after.id))
    order = (ConversationRow.updated_at.desc(), ConversationRow.id.desc())
    return (await session.execute(query.order_by(*order).limit(limit))).all()


async def lines_of(session: AsyncSession, ids: Collection[str]) -> dict[str, LineRow]:
    """Return conversations as the inbox shows them, by id."""
    found = await session.execute(line_query().where(ConversationRow.id.in_(ids)))
    return {row[0].id: row for row in found}


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


async def queue_counts(session: AsyncSession, agent: str) -> dict[Queue, int]:
    """Return how many conversations are in each part of the inbox, for one agent."""
    by_owner = await counts(session)
    put_off = await session.execute(
        select(ConversationRow.owner, func.count())
        .where(ConversationRow.snoozed_until.is_not(None))
        .group_by(ConversationRow.owner)
    )
    snoozed = {row[0]: row[1] for row in put_off}
    mine = await count(session, Queue.MINE, agent)
    left = {Queue(owner): count - snoozed.get(owner, 0) for owner, count in by_owner.items()}
    return {**left, Queue.MINE: mine, Queue.SNOOZED: sum(snoozed.values())}


async def count(session: AsyncSession, queue: Queue, agent: str) -> int:
    """Return how many conversations are in a part of the inbox."""
    query = select(func.count()).select_from(ConversationRow).where(*in_queue(queue, agent))
    return await session.scalar(query) or 0


async def count_from(session: AsyncSession, conversation_id: str, message_id: int) -> int:
    """Return how many messages a conversation has from one on."""
    found = await session.scalar(
        select(func.count())
        .select_from(MessageRow)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.id >= message_id)
    )
    return found or 0


async def worth(session: AsyncSession, contact_id: str, customer_id: str | None) -> Worth:
    """Return what a contact has bought, if they proved which customer they are, and how they rated us last."""
    rated = await session.execute(
        select(FeedbackRow.score, FeedbackRow.answered_at)
        .where(
            FeedbackRow.contact_id == contact_id,
            FeedbackRow.kind == FeedbackKind.CSAT,
            FeedbackRow.score.is_not(None),
        )
        .order_by(FeedbackRow.answered_at.desc())
        .limit(1)
    )
    score, scored_at = next(((row[0], row[1]) for row in rated), (None, None))
    bought = await session.execute(
        select(OrderRow.currency, func.sum(OrderRow.total_cents))
        .where(OrderRow.customer_id == customer_id, OrderRow.status != OrderStatus.CANCELLED)
        .group_by(OrderRow.currency)
        .order_by(OrderRow.currency)
    )
    sums = tuple((row[0], int(row[1])) for row in bought)
    return Worth(bought=sums, score=score, scored_at=scored_at)


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
