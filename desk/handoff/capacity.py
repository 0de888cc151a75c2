"""How many conversations an agent may have at once: who has enough is asked, and a second press goes over it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import ConflictError
from desk.events import Event
from desk.tables.agent import AgentRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow

REFUSED = "conversation.take_over_refused"
ASKED_WITHIN = timedelta(minutes=5)
"""How long after a refusal the same press is meant."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What an agent has, and how much they want at most."""

    has: int
    most: int

    @property
    def is_full(self) -> bool:
        """Say whether one more would be too many."""
        return self.has >= self.most

    def __str__(self) -> str:
        what = "conversation" if self.has == 1 else "conversations"
        return f"{self.has} {what}, of {self.most} at most"


class FullError(ConflictError):
    """They have as many conversations as they want. ``event`` is to be kept: it makes the next press a meant one."""

    def __init__(self, text: str, event: Event) -> None:
        super().__init__(text)
        self.event = event


async def load(session: AsyncSession, agent: str) -> Load | None:
    """Return what an agent has; None for somebody of whom we know no limit."""
    most = await session.scalar(select(AgentRow.capacity).where(AgentRow.name == agent))
    if most is None:
        return None
    theirs = (ConversationRow.owner == Owner.HUMAN) & (ConversationRow.agent == agent)
    has = await session.scalar(select(func.count()).select_from(ConversationRow).where(theirs))
    return Load(has=has or 0, most=most)


async def check(
    session: AsyncSession, conversation: ConversationRow, agent: str, now: datetime
) -> None:
    """Raise FullError at the first try of an agent who has enough; the second within five minutes passes."""
    found = await load(session, agent)
    if found is None or not found.is_full:
        return
    if await _asked_before(session, conversation, agent, now):
        return
    data = {"agent": agent, "reason": "full", "has": found.has, "most": found.most}
    raise FullError(
        f"You have {found}. To take this one all the same, press once more within five minutes.",
        Event(
            name=REFUSED,
            occurred_at=now,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            data=data | {"epoch": conversation.epoch},
        ),
    )


async def _asked_before(
    session: AsyncSession, conversation: ConversationRow, agent: str, now: datetime
) -> bool:
    rows = await session.scalars(
        select(EventRow.data).where(
            EventRow.conversation_id == conversation.id,
            EventRow.name == REFUSED,
            EventRow.occurred_at > now - ASKED_WITHIN,
        )
    )
    return any(
        row.get("agent") == agent and row.get("epoch") == conversation.epoch for row in rows
    )
