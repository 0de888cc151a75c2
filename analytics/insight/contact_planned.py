"""When a person is to hear from us: everything that is queued, due, promised or put off, from a list of sources.

Who plans contacts in another way adds a source: a function of a session, the ids of the contact and now.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.automation import TaskRow
from desk.tables.conversation import ConversationRow, Outcome, Owner
from desk.tables.feedback import FeedbackRow, SurveyState
from desk.tables.outbox import OutboxRow
from desk.tables.ticket import ACTIVE, TicketRow
from desk.tickets.numbers import ticket_number

_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A contact to come: what ``kind``, when (None: promised without a day), where, and what about."""

    kind: str
    at: datetime | None
    channel: str | None = None
    conversation_id: str | None = None
    ticket: str | None = None
    about: str = ""


type Source = Callable[[AsyncSession, Sequence[str], datetime], Awaitable[Sequence[Plan]]]


async def _messages(
    session: AsyncSession, known_as: Sequence[str], now: datetime
) -> Sequence[Plan]:
    """Return what waits to be sent."""
    rows = await session.execute(
        select(OutboxRow.not_before, OutboxRow.channel, OutboxRow.conversation_id)
        .where(
            OutboxRow.conversation_id.in_(_talks(known_as)),
            # As the index has it, which holds nothing that was sent.
            text("outbox.state IN ('queued', 'sending')"),
        )
        .order_by(OutboxRow.id)
        .limit(_MOST)
    )
    return [
        Plan(kind="message", at=at, channel=channel, conversation_id=id_)
        for at, channel, id_ in rows
    ]


async def _surveys(
    session: AsyncSession, known_as: Sequence[str], now: datetime
) -> Sequence[Plan]:
    """Return questions that are to be asked."""
    rows = await session.execute(
        select(
            FeedbackRow.due_at,
            FeedbackRow.kind,
            FeedbackRow.conversation_id,
            ConversationRow.channel,
        )
        .join(ConversationRow, ConversationRow.id == FeedbackRow.conversation_id)
        .where(FeedbackRow.contact_id.in_(known_as), FeedbackRow.state == SurveyState.PLANNED)
        .limit(_MOST)
    )
    return [
        Plan(kind="survey", at=at, channel=channel, conversation_id=id_, about=kind.upper())
        for at, kind, id_, channel in rows
    ]


async def _snoozed(
    session: AsyncSession, known_as: Sequence[str], now: datetime
) -> Sequence[Plan]:
    """Return conversations that an agent wants to have back at a time."""
    rows = await session.execute(
        select(ConversationRow.snoozed_until, ConversationRow.channel, ConversationRow.id).where(
            ConversationRow.contact_id.in_(known_as), ConversationRow.snoozed_until.is_not(None)
        )
    )
    return [
        Plan(kind="snoozed", at=at, channel=channel, conversation_id=id_)
        for at, channel, id_ in rows
    ]


async def _tasks(session: AsyncSession, known_as: Sequence[str], now: datetime) -> Sequence[Plan]:
    """Return what somebody is to do about them, or about a ticket of theirs."""
    tickets = select(TicketRow.id).where(TicketRow.contact_id.in_(known_as))
    about = or_(TaskRow.contact_id.in_(known_as), TaskRow.ticket_id.in_(tickets))
    rows = await session.scalars(
        select(TaskRow)
        .where(about, TaskRow.done_at.is_(None))
        .order_by(TaskRow.due_at)
        .limit(_MOST)
    )
    return [
        Plan(
            kind="task",
            at=row.due_at,
            ticket=ticket_number(row.ticket_id) if row.ticket_id else None,
            about=row.title,
        )
        for row in rows
    ]


async def _follow_ups(
    session: AsyncSession, known_as: Sequence[str], now: datetime
) -> Sequence[Plan]:
    """Return conversations that ended with a promise whose ticket is not settled."""
    rows = await session.execute(
        select(ConversationRow.channel, ConversationRow.id, TicketRow.id, TicketRow.title)
        .join(TicketRow, TicketRow.conversation_id == ConversationRow.id)
        .where(
            ConversationRow.contact_id.in_(known_as),
            ConversationRow.owner == Owner.CLOSED,
            ConversationRow.outcome == Outcome.FOLLOW_UP,
            TicketRow.status.in_(ACTIVE),
        )
        .limit(_MOST)
    )
    return [
        Plan(
            kind="follow_up",
            at=None,
            channel=channel,
            conversation_id=id_,
            ticket=ticket_number(number),
            about=title,
        )
        for channel, id_, number, title in rows
    ]


def _talks(known_as: Sequence[str]) -> ColumnElement[str]:
    return (
        select(ConversationRow.id)
        .where(ConversationRow.contact_id.in_(known_as))
        .scalar_subquery()
    )


SOURCES: tuple[Source, ...] = (_messages, _surveys, _snoozed, _tasks, _follow_ups)


async def planned(
    session: AsyncSession,
    known_as: Sequence[str],
    now: datetime,
    sources: Sequence[Source] = SOURCES,
) -> list[Plan]:
    """Return what is planned, what comes first before the rest and what has no day at the end."""
    found = [plan for source in sources for plan in await source(session, known_as, now)]
    return sorted(found, key=lambda one: (one.at is None, one.at or now))[:_MOST]
