"""Every question about ratings."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.feedback.record import SCORED, SURVEYED
from desk.store import core
from desk.store.core import Found
from desk.store.upsert import insert_new
from desk.tables.base import table_of
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow, Owner
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tables.outbox import OutboxRow, Policy

_FEEDBACK = table_of(FeedbackRow)
_MESSAGE = table_of(MessageRow)
# Asked for each message of a customer; most conversations have none.
_ASKED = (
    select(_FEEDBACK.c.id)
    .where(
        _FEEDBACK.c.conversation_id == bindparam("conversation_id"),
        _FEEDBACK.c.state == SurveyState.ASKED,
    )
    .limit(1)
)
_LAST_SAID = (
    select(_MESSAGE.c.id, _MESSAGE.c.author, _MESSAGE.c.choices)
    .where(
        _MESSAGE.c.conversation_id == bindparam("conversation_id"),
        _MESSAGE.c.direction == Direction.OUTBOUND,
    )
    .order_by(_MESSAGE.c.id.desc())
    .limit(1)
)


async def conversation(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Return a conversation; other transactions wait to rate the same one."""
    query = select(ConversationRow).where(ConversationRow.id == conversation_id)
    return await session.scalar(query.with_for_update())


async def of_conversation(session: AsyncSession, conversation_id: str) -> list[FeedbackRow]:
    """Return the ratings of a conversation's resolutions, the oldest first."""
    rows = await session.scalars(
        select(FeedbackRow)
        .where(FeedbackRow.conversation_id == conversation_id, FeedbackRow.resolution.is_not(None))
        .order_by(FeedbackRow.resolution)
    )
    return list(rows)


async def has_asked(session: AsyncSession, conversation_id: str) -> bool:
    """Say whether anything was ever asked in a conversation."""
    return await core.fetch_one(session, _ASKED, {"conversation_id": conversation_id}) is not None


async def asked_in(session: AsyncSession, conversation_id: str) -> list[FeedbackRow]:
    """Return what was asked in a conversation, the newest first."""
    rows = await session.scalars(
        select(FeedbackRow)
        .where(
            FeedbackRow.conversation_id == conversation_id, FeedbackRow.state == SurveyState.ASKED
        )
        .order_by(FeedbackRow.surveyed_at.desc(), FeedbackRow.id.desc())
        .limit(10)
    )
    return list(rows)


async def last_said(session: AsyncSession, conversation_id: str) -> Found | None:
    """Return id, author and choices of the last message to the customer."""
    return await core.fetch_one(session, _LAST_SAID, {"conversation_id": conversation_id})


async def surveyed_unanswered(session: AsyncSession, conversation_id: str) -> datetime | None:
    """Return when satisfaction was asked about last, if it has not been answered."""
    return await session.scalar(
        select(FeedbackRow.surveyed_at)
        .where(
            FeedbackRow.conversation_id == conversation_id,
            FeedbackRow.kind == FeedbackKind.CSAT,
            FeedbackRow.resolution.is_not(None),
            FeedbackRow.score.is_(None),
            FeedbackRow.surveyed_at.is_not(None),
        )
        .order_by(FeedbackRow.resolution.desc())
        .limit(1)
    )


async def by_id(
    session: AsyncSession, feedback_id: int, *, lock: bool = False
) -> FeedbackRow | None:
    """Return a row as it is now."""
    query = select(FeedbackRow).where(FeedbackRow.id == feedback_id)
    query = query.with_for_update() if lock else query
    return await session.scalar(query.execution_options(populate_existing=True))


async def get_or_insert(session: AsyncSession, row: dict[str, Any]) -> FeedbackRow:
    """Return the rating of a conversation's resolution, empty when it is new."""
    await insert_new(session, FeedbackRow, row, unique=("kind", "conversation_id", "resolution"))
    found = await session.scalars(
        select(FeedbackRow).where(
            FeedbackRow.conversation_id == row["conversation_id"],
            FeedbackRow.resolution == row["resolution"],
            FeedbackRow.kind == row["kind"],
        )
    )
    return found.one()


async def asked_at(
    session: AsyncSession, contact_id: str, kind: FeedbackKind | None = None
) -> datetime | None:
    """Return when a contact was asked something last, or something of a kind."""
    query = select(func.max(FeedbackRow.surveyed_at)).where(FeedbackRow.contact_id == contact_id)
    return await session.scalar(query if kind is None else query.where(FeedbackRow.kind == kind))


async def with_person(session: AsyncSession, contact_id: str, besides: str) -> bool:
    """Say whether a contact talks with a person, or waits for one, in another conversation."""
    found = await session.scalar(
        select(ConversationRow.id)
        .where(
            ConversationRow.contact_id == contact_id,
            ConversationRow.id != besides,
            ConversationRow.owner.in_((Owner.WAITING, Owner.HUMAN)),
        )
        .limit(1)
    )
    return found is not None


async def last_heard(session: AsyncSession, conversation_id: str) -> tuple[datetime | None, bool]:
    """Return when the customer wrote last, and whether somebody has answered that."""
    here = MessageRow.conversation_id == conversation_id
    heard = (
        await session.execute(
            select(MessageRow.id, MessageRow.created_at)
            .where(here, MessageRow.author == Author.CONTACT)
            .order_by(MessageRow.id.desc())
            .limit(1)
        )
    ).first()
    if heard is None:
        return None, True
    answered = await session.scalar(
        select(MessageRow.id)
        .where(
            here,
            MessageRow.id > heard[0],
            MessageRow.author.in_((Author.AGENT, Author.BOT)),
            MessageRow.direction == Direction.OUTBOUND,
        )
        .limit(1)
    )
    return heard[1], answered is not None


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """Return the ids of what is to be asked now, the longest waiting first."""
    rows = await session.scalars(
        select(FeedbackRow.id)
        .where(FeedbackRow.state == SurveyState.PLANNED, FeedbackRow.due_at <= now)
        .order_by(FeedbackRow.due_at)
        .limit(limit)
    )
    return rows.all()


async def send_once(session: AsyncSession, message_id: int) -> None:
    """Let a message go out at most once: one whose fate is not known is listed and never sent again."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.message_id == message_id)
        .values(policy=Policy.AT_MOST_ONCE)
    )


async def stream_events(
    session: AsyncSession, since: datetime | None, until: datetime | None
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield name and data of what was asked and answered in ``[since, until)``, oldest first."""
    query = select(EventRow.name, EventRow.data).where(EventRow.name.in_((SURVEYED, SCORED)))
    if since is not None:
        query = query.where(EventRow.occurred_at >= since)
    if until is not None:
        query = query.where(EventRow.occurred_at < until)
    result = await session.stream(query.order_by(EventRow.occurred_at, EventRow.id))
    async for name, data in result:
        yield name, data
