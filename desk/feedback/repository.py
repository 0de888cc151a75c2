"""Every question about ratings."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store.upsert import insert_new
from desk.tables.conversation import ConversationRow
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackRow

SURVEYED = "feedback.surveyed"
SCORED = "feedback.scored"
COMMENTED = "feedback.commented"


async def conversation(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Return a conversation; other transactions wait to rate the same one."""
    query = select(ConversationRow).where(ConversationRow.id == conversation_id)
    return await session.scalar(query.with_for_update())


async def of_conversation(session: AsyncSession, conversation_id: str) -> list[FeedbackRow]:
    """Return a conversation's ratings, oldest resolution first."""
    rows = await session.scalars(
        select(FeedbackRow)
        .where(FeedbackRow.conversation_id == conversation_id)
        .order_by(FeedbackRow.resolution)
    )
    return list(rows)


async def surveyed_unanswered(session: AsyncSession, conversation_id: str) -> datetime | None:
    """Return when a rating was asked for last, if it has not been given."""
    return await session.scalar(
        select(FeedbackRow.surveyed_at)
        .where(FeedbackRow.conversation_id == conversation_id, FeedbackRow.score.is_(None))
        .order_by(FeedbackRow.resolution.desc())
        .limit(1)
    )


async def get_or_insert(session: AsyncSession, row: dict[str, Any]) -> FeedbackRow:
    """Return the rating of a conversation's resolution, empty when it is new."""
    await insert_new(session, FeedbackRow, row, unique=("conversation_id", "resolution"))
    found = await session.scalars(
        select(FeedbackRow).where(
            FeedbackRow.conversation_id == row["conversation_id"],
            FeedbackRow.resolution == row["resolution"],
        )
    )
    return found.one()


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
