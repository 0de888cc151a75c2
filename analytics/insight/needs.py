"""What somebody wants, from what they wrote to us and what is still open."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.conversation import Author, ConversationRow, MessageRow
from desk.tables.event import EventRow
from desk.tables.shop import ProductRow
from desk.tables.ticket import ACTIVE, TicketRow, TicketTopic
from desk.tickets.topics import TOPIC_OF

LATELY = timedelta(days=90)
_TALKS, _MESSAGES, _MOST = 50, 200, 5
_SHORTEST = 4
"""Names of products with fewer letters are words of everyday."""
_SAME = 0.15
"""Moods that differ by less are the same to people."""
_PLACE = {"sqlite": "instr", "postgresql": "strpos"}


@dataclass(frozen=True, kw_only=True)
class Mood:
    """How somebody sounds: the mean of their messages of the last 90 days, from -1 to 1, and of those before."""

    now: float
    before: float | None
    messages: int

    @property
    def trend(self) -> str:
        """Say ``better``, ``worse``, ``same``, or ``new`` if there is nothing to compare with."""
        if self.before is None:
            return "new"
        change = self.now - self.before
        return "same" if abs(change) < _SAME else "better" if change > 0 else "worse"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What somebody wants: what they asked about in 90 days, open complaints, products that they named.

    ``asked`` counts messages by the topic that their intent belongs to, ``tickets`` new tickets by theirs.
    """

    asked: Sequence[tuple[TicketTopic, int]]
    tickets: Sequence[tuple[TicketTopic, int]]
    mood: Mood | None
    complaints: int
    products: Sequence[str]


async def needs(session: AsyncSession, contact_id: str, now: datetime) -> Needs:
    """Look at the newest 50 conversations of a contact and at their tickets."""
    rows = await session.scalars(
        select(ConversationRow.id)
        .where(ConversationRow.contact_id == contact_id)
        .order_by(ConversationRow.updated_at.desc())
        .limit(_TALKS)
    )
    talks = rows.all()
    since = now - LATELY
    return Needs(
        asked=await _asked(session, talks, since),
        tickets=await _tickets(session, contact_id, since),
        mood=await _mood(session, talks, since),
        complaints=await _complaints(session, contact_id),
        products=await _products(session, talks, contact_id),
    )


async def _asked(
    session: AsyncSession, talks: Sequence[str], since: datetime
) -> list[tuple[TicketTopic, int]]:
    intent = EventRow.data["intent"].as_string()
    rows = await session.execute(
        select(intent, func.count())
        .where(
            EventRow.conversation_id.in_(talks),
            EventRow.name == "turn.answered",
            EventRow.occurred_at >= since,
        )
        .group_by(intent)
    )
    topics: Counter[TicketTopic] = Counter()
    for name, count in rows:
        # What has no topic is small talk.
        if name in TOPIC_OF:
            topics[TOPIC_OF[name]] += count
    return topics.most_common(_MOST)


async def _tickets(
    session: AsyncSession, contact_id: str, since: datetime
) -> list[tuple[TicketTopic, int]]:
    rows = await session.execute(
        select(TicketRow.topic, func.count())
        .where(TicketRow.contact_id == contact_id, TicketRow.created_at >= since)
        .group_by(TicketRow.topic)
        .order_by(func.count().desc(), TicketRow.topic)
        .limit(_MOST)
    )
    return [(row[0], row[1]) for row in rows]


async def _mood(session: AsyncSession, talks: Sequence[str], since: datetime) -> Mood | None:
    is_new = MessageRow.created_at >= since
    found = (
        await session.execute(
            select(
                func.avg(MessageRow.mood).filter(is_new),
                func.avg(MessageRow.mood).filter(~is_new),
                func.count().filter(is_new),
            ).where(
                MessageRow.conversation_id.in_(talks),
                MessageRow.author == Author.CONTACT,
                MessageRow.mood.is_not(None),
            )
        )
    ).one()
    if found[0] is None:
        return None
    before = None if found[1] is None else float(found[1])
    return Mood(now=float(found[0]), before=before, messages=found[2])


async def _complaints(session: AsyncSession, contact_id: str) -> int:
    query = select(func.count()).where(
        TicketRow.contact_id == contact_id,
        TicketRow.topic == TicketTopic.COMPLAINT,
        TicketRow.status.in_(ACTIVE),
    )
    return await session.scalar(query) or 0


async def _products(session: AsyncSession, talks: Sequence[str], contact_id: str) -> list[str]:
    """Return products that their newest 200 messages name by the whole name, and those of their open tickets."""
    said = await session.scalars(
        select(MessageRow.text)
        .where(MessageRow.conversation_id.in_(talks), MessageRow.author == Author.CONTACT)
        .order_by(MessageRow.id.desc())
        .limit(_MESSAGES)
    )
    text = "\n".join(said).lower()
    place = getattr(func, _PLACE[session.get_bind().dialect.name])
    named = [
        (func.length(name) >= fewest) & (cast(place(literal(text), func.lower(name)), Integer) > 0)
        for name, fewest in ((ProductRow.name_en, _SHORTEST), (ProductRow.name_zh, 2))
    ]
    found = list(
        await session.scalars(
            select(ProductRow.name_en).where(or_(*named)).order_by(ProductRow.name_en).limit(_MOST)
        )
    )
    of_tickets = await session.scalars(
        select(TicketRow.product).where(
            TicketRow.contact_id == contact_id,
            TicketRow.product.is_not(None),
            TicketRow.status.in_(ACTIVE),
        )
    )
    return list(dict.fromkeys([*found, *(one for one in of_tickets if one)]))[:_MOST]
