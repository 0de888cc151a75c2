"""Who and what is rated, written down when it is asked: later nobody could tell any more."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.agent import AgentRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackRow
from desk.tables.shop import CustomerRow

_RESOLVED = "conversation.resolved"
_CAME = ("conversation.taken_over", "conversation.transferred")
NOTED = ("owner", "agent", "channel", "language", "team", "topic", "segment")
"""The names of what is written down, in the row and in every event."""


async def snapshot(
    session: AsyncSession, talk: ConversationRow, agent: str | None = None
) -> dict[str, Any]:
    """Return who worked on a conversation since its last resolution, and what it is.

    ``agent`` has just resolved it. Only what no person had a hand in is the bot's.
    """
    agent = agent or talk.agent or await _person(session, talk)
    by_human = talk.owner is Owner.HUMAN or agent is not None
    return {"owner": Owner.HUMAN if by_human else Owner.BOT, "agent": agent} | await about(
        session, talk, agent
    )


async def about(
    session: AsyncSession, talk: ConversationRow, agent: str | None = None
) -> dict[str, Any]:
    """Return what a conversation is, without who worked on it."""
    team = talk.team or await _team(session, agent)
    return {
        "team": team,
        "channel": talk.channel,
        "topic": talk.topic,
        "segment": await _segment(session, talk.contact_id),
        "language": talk.language,
    }


def noted(row: FeedbackRow) -> dict[str, Any]:
    """Return what was written down, as events carry it."""
    return {name: getattr(row, name) for name in NOTED}


async def _person(session: AsyncSession, talk: ConversationRow) -> str | None:
    here = EventRow.conversation_id == talk.id
    ends = await session.execute(
        select(EventRow.id, EventRow.data)
        .where(here, EventRow.name == _RESOLVED)
        .order_by(EventRow.id.desc())
        .limit(2)
    )
    resolved = [(row[0], row[1]) for row in ends]
    closed = talk.owner is Owner.CLOSED
    if closed and resolved and resolved[0][1].get("by"):
        return str(resolved[0][1]["by"])
    # A closed conversation's last resolution is what is rated, so what came before the one before it counts.
    before = resolved[1:] if closed else resolved
    came = await session.scalar(
        select(EventRow.data)
        .where(here, EventRow.name.in_(_CAME), EventRow.id > (before[0][0] if before else 0))
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    return (came or {}).get("agent")


async def _team(session: AsyncSession, agent: str | None) -> str | None:
    if agent is None:
        return None
    return await session.scalar(select(AgentRow.team).where(AgentRow.name == agent))


async def _segment(session: AsyncSession, contact_id: str) -> str | None:
    return await session.scalar(
        select(CustomerRow.account_type)
        .join(ContactRow, ContactRow.customer_id == CustomerRow.id)
        .where(ContactRow.id == contact_id)
    )
