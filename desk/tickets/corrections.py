"""Topics that agents corrected: what the assistant may learn from, once a person has looked at it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.ticket import TicketRow, TicketTopic, TopicCorrectionRow

_MESSAGES = 3


async def note(
    session: AsyncSession, row: TicketRow, old: TicketTopic, by: str, now: datetime
) -> None:
    """Remember that a ticket's topic was wrong, and which messages had led to it; nothing is learnt by that."""
    query = (
        select(MessageRow.id)
        .where(
            MessageRow.conversation_id == row.conversation_id,
            MessageRow.author == Author.CONTACT,
            MessageRow.direction == Direction.INBOUND,
            MessageRow.created_at <= row.created_at,
        )
        .order_by(MessageRow.id.desc())
        .limit(_MESSAGES)
    )
    session.add(
        TopicCorrectionRow(
            ticket_id=row.id,
            message_ids=list(await session.scalars(query)),
            old=old,
            new=row.topic,
            by=by[:128],
            created_at=now,
        )
    )
