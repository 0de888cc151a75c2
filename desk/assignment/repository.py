"""Questions of assignment: who is there, who has how much, who waits, who had this customer."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.assignment.choose import AgentFacts
from desk.assignment.load import load_of, room_of
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import Author, ConversationRow, MessageRow, Owner
from desk.tables.event import EventRow
from desk.tables.ticket import ACTIVE, TicketRow, TicketStatus
from desk.tickets.listing import IS_ACTIVE
from desk.tickets.matching import TicketFacts
from desk.tickets.topics import VAGUE, Understood

TO_DO = (TicketStatus.NEW, TicketStatus.OPEN)
"""Tickets that want somebody now."""
_MOODS, _MESSAGES, _TURNS = 3, 50, 5


async def agents(session: AsyncSession) -> Sequence[AgentRow]:
    """Return all agents, locked: whoever gives out tickets does it alone, so nobody gets too many."""
    return (await session.scalars(select(AgentRow).order_by(AgentRow.id).with_for_update())).all()


async def facts(session: AsyncSession, rows: Sequence[AgentRow]) -> dict[str, AgentFacts]:
    """Return what is known about agents, by name."""
    talks = {
        row[0]: row[1]
        for row in await session.execute(
            select(ConversationRow.agent, func.count())
            .where(ConversationRow.owner == Owner.HUMAN)
            .group_by(ConversationRow.agent)
        )
    }
    tickets: dict[str, dict[TicketStatus, int]] = defaultdict(dict)
    for name, status, count in await session.execute(
        select(TicketRow.assignee, TicketRow.status, func.count())
        .where(IS_ACTIVE, TicketRow.assignee.is_not(None))
        .group_by(TicketRow.assignee, TicketRow.status)
    ):
        tickets[name or ""][status] = count
    return {
        row.name: AgentFacts(
            name=row.name,
            is_online=row.status is AgentStatus.ONLINE,
            team=row.team,
            skills=frozenset(row.skills or ()),
            languages=frozenset(row.languages or ()),
            regions=frozenset(row.regions or ()),
            load=load_of(talks.get(row.name, 0), tickets[row.name]),
            room=room_of(row.capacity),
        )
        for row in rows
    }


async def waiting(
    session: AsyncSession, after: tuple[int, int], limit: int
) -> Sequence[TicketRow]:
    """Return tickets that nobody has, the most urgent and oldest first, locked, without those that others hold."""
    urgency, id_ = after
    beyond = (TicketRow.urgency > urgency) | (
        (TicketRow.urgency == urgency) & (TicketRow.id > id_)
    )
    rows = await session.scalars(
        select(TicketRow)
        .where(IS_ACTIVE, TicketRow.assignee.is_(None), TicketRow.status.in_(TO_DO), beyond)
        .order_by(TicketRow.urgency, TicketRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return rows.all()


async def held_by(
    session: AsyncSession, names: Collection[str], *, statuses: Sequence[TicketStatus] = ACTIVE
) -> Sequence[TicketRow]:
    """Return what these people have to settle, the most urgent and oldest first, locked."""
    rows = await session.scalars(
        select(TicketRow)
        .where(IS_ACTIVE, TicketRow.assignee.in_(names), TicketRow.status.in_(statuses))
        .order_by(TicketRow.urgency, TicketRow.id)
        .with_for_update(skip_locked=True)
    )
    return rows.all()


async def by_ids(session: AsyncSession, ids: Collection[int]) -> Sequence[TicketRow]:
    """Return tickets that are not settled, oldest first, locked."""
    rows = await session.scalars(
        select(TicketRow)
        .where(TicketRow.id.in_(ids), TicketRow.status.in_(ACTIVE))
        .order_by(TicketRow.id)
        .with_for_update()
    )
    return rows.all()


async def vague_of(session: AsyncSession, conversation_ids: Collection[str]) -> Sequence[int]:
    """Return the tickets of conversations of which nobody has said what they are about."""
    return (
        await session.scalars(
            select(TicketRow.id).where(
                TicketRow.conversation_id.in_(conversation_ids),
                TicketRow.topic.in_(VAGUE),
                TicketRow.topic_by.is_(None),
                TicketRow.status.in_(ACTIVE),
            )
        )
    ).all()


async def understood(session: AsyncSession, conversation_id: str) -> list[Understood]:
    """Return how the assistant understood the last messages of a conversation, newest first."""
    rows = await session.scalars(
        select(EventRow.data)
        .where(EventRow.conversation_id == conversation_id, EventRow.name == "turn.answered")
        .order_by(EventRow.id.desc())
        .limit(_TURNS)
    )
    return [
        Understood(str(data["intent"]), float(data.get("confidence") or 0.0))
        for data in rows
        if data.get("intent")
    ]


async def ticket_facts(session: AsyncSession, row: TicketRow) -> TicketFacts:
    """Return what rules may ask about a ticket; the mood is the mean of the customer's last messages."""
    latest = (
        select(MessageRow.mood)
        .where(
            MessageRow.conversation_id == row.conversation_id,
            MessageRow.author == Author.CONTACT,
            MessageRow.mood.is_not(None),
        )
        .order_by(MessageRow.id.desc())
        .limit(_MOODS)
    )
    moods = [mood for mood in await session.scalars(latest) if mood is not None]
    return TicketFacts(
        id=row.id,
        contact_id=row.contact_id,
        topic=row.topic.value,
        priority=row.priority.value,
        channel=row.channel,
        language=row.language,
        region=row.region,
        product=row.product,
        segment=row.segment,
        team=row.team,
        tags=tuple(row.tags or ()),
        mood=sum(moods) / len(moods) if moods else None,
    )


async def last_agent(session: AsyncSession, row: TicketRow) -> str | None:
    """Return who had this customer last: who spoke lately in the conversation, else who had their last ticket."""
    recent = (
        select(MessageRow.id, MessageRow.author, MessageRow.author_name)
        .where(MessageRow.conversation_id == row.conversation_id)
        .order_by(MessageRow.id.desc())
        .limit(_MESSAGES)
        .subquery()
    )
    spoke = await session.scalar(
        select(recent.c.author_name)
        .where(recent.c.author == Author.AGENT, recent.c.author_name.is_not(None))
        .order_by(recent.c.id.desc())
        .limit(1)
    )
    if spoke is not None:
        return str(spoke)
    return await session.scalar(
        select(TicketRow.assignee)
        .where(
            TicketRow.contact_id == row.contact_id,
            TicketRow.assignee.is_not(None),
            TicketRow.id != row.id,
        )
        .order_by(TicketRow.id.desc())
        .limit(1)
    )
