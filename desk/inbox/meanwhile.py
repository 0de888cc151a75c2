"""What was said while the assistant did not have a conversation, as it is told with the next message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.event import EventRow
from desk.tickets.words import one_line

MOST_LINES = 20
_LONGEST_LINE = 2_000
_LONGEST_QUOTE = 200
_ENDINGS = ("conversation.released", "conversation.resolved", "conversation.handoff_expired")


@dataclass(frozen=True, kw_only=True)
class Meanwhile:
    """What the assistant is told, and up to which message it knows everything then."""

    through: int
    told: dict[str, Any] = field(default_factory=dict)


async def meanwhile(
    session: AsyncSession, *, conversation_id: str, after: int, message_id: int
) -> Meanwhile:
    """Return what was said after a message, without ``message_id`` itself and what the customer wrote later."""
    lines = await _lines(session, conversation_id, after, message_id)
    ending = await _ending(session, conversation_id)
    said = [line for line in lines if line.author is Author.AGENT]
    agent = str(ending.get("by") or "") or (said[-1].author_name if said else None)
    told: dict[str, Any] = {
        "agent": agent,
        "outcome": ending.get("outcome"),
        "topic": ending.get("topic"),
        "note": await _note(session, ending),
        "lines": [
            {
                "id": line.id,
                "author": str(line.author),
                "name": line.author_name,
                "text": line.text[:_LONGEST_LINE],
            }
            for line in lines
        ],
    }
    told["summary"] = _summary(told, said)
    return Meanwhile(through=max([message_id, *(line.id for line in lines)]), told=told)


async def agent_spoke_after(session: AsyncSession, conversation_id: str, through: int) -> bool:
    """Say whether an agent said something that the assistant was not told."""
    query = select(MessageRow.id).where(_spoken(conversation_id, through), _IS_AGENTS)
    return await session.scalar(query.limit(1)) is not None


_IS_AGENTS = MessageRow.author == Author.AGENT


def _spoken(conversation_id: str, after: int) -> Any:
    return (
        (MessageRow.conversation_id == conversation_id)
        & (MessageRow.id > after)
        & (MessageRow.direction != Direction.NOTE)
    )


async def _lines(
    session: AsyncSession, conversation_id: str, after: int, message_id: int
) -> Sequence[MessageRow]:
    customers = (MessageRow.author == Author.CONTACT) & (MessageRow.id < message_id)
    rows = await session.scalars(
        select(MessageRow)
        .where(_spoken(conversation_id, after), or_(_IS_AGENTS, customers))
        .order_by(MessageRow.id.desc())
        .limit(MOST_LINES)
    )
    return list(reversed(rows.all()))


async def _ending(session: AsyncSession, conversation_id: str) -> dict[str, Any]:
    """Return what the record says about how the conversation came back, who did it and with which outcome."""
    row = await session.scalar(
        select(EventRow)
        .where(EventRow.conversation_id == conversation_id, EventRow.name.in_(_ENDINGS))
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    return dict(row.data) if row else {}


async def _note(session: AsyncSession, ending: dict[str, Any]) -> str | None:
    """Return what the agent wrote for the assistant when they gave the conversation back."""
    if not ending.get("note"):
        return None
    text = await session.scalar(select(MessageRow.text).where(MessageRow.id == ending["note"]))
    return text[:_LONGEST_LINE] if text else None


def _summary(told: dict[str, Any], said: Sequence[MessageRow]) -> str:
    parts = [f"{told['agent']} was here" if told["agent"] else "nobody came"]
    if said:
        parts.append(f'last said "{one_line(said[-1].text, longest=_LONGEST_QUOTE)}"')
    if told["note"]:
        parts.append(f'noted "{one_line(told["note"], longest=_LONGEST_QUOTE)}"')
    parts += [f"{name} {told[name]}" for name in ("outcome", "topic") if told[name]]
    return ", ".join(parts)
