"""What is read of one person: what was said, from the event log, and when they bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.insight.contact_record import EVENTS, Said
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.event import EventRow
from desk.tables.shop import OrderRow, OrderStatus

MOST = 10_000
"""Events of one person that are looked at, the newest."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was said and bought; ``known_as`` are the ids of the contact and of those who became part of it."""

    known_as: Sequence[str]
    known_at: datetime
    said: Sequence[Said]
    bought: Sequence[datetime]


async def past(session: AsyncSession, root: ContactRow) -> Past:
    """Read the past of a contact who is nobody else."""
    merged = await session.scalars(
        select(ContactRow.id).where(ContactRow.merged_into == root.id).order_by(ContactRow.id)
    )
    known_as = (root.id, *merged)
    return Past(
        known_as=known_as,
        known_at=root.created_at,
        said=await _said(session, known_as),
        bought=await _bought(session, root.customer_id),
    )


async def _said(session: AsyncSession, known_as: Sequence[str]) -> list[Said]:
    # Who sent it is not in the event that says it was sent; the message knows.
    message_id = cast(EventRow.data["message_id"].as_string(), BigInteger)
    rows = await session.execute(
        select(
            EventRow.id,
            EventRow.name,
            EventRow.occurred_at,
            ConversationRow.channel,
            MessageRow.author,
        )
        .outerjoin(ConversationRow, ConversationRow.id == EventRow.conversation_id)
        .outerjoin(MessageRow, MessageRow.id == message_id)
        .where(EventRow.contact_id.in_(known_as), EventRow.name.in_(EVENTS))
        .order_by(EventRow.id.desc())
        .limit(MOST)
    )
    return [
        Said(
            channel=channel,
            at=at,
            number=id_,
            author=EVENTS[name] or (author.value if author else "us"),
        )
        for id_, name, at, channel, author in rows
    ]


async def _bought(session: AsyncSession, customer_id: str | None) -> list[datetime]:
    if customer_id is None:
        return []
    query = select(OrderRow.placed_at).where(
        OrderRow.customer_id == customer_id, OrderRow.status != OrderStatus.CANCELLED
    )
    return list(await session.scalars(query))
