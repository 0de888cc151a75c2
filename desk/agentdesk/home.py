"""A person's own page at the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import repository
from desk.agentdesk.cards import Cards
from desk.agentdesk.port import Card, HomePost
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import ConversationRow, Owner

_MOST = 10


class Homes:
    """Renders own pages."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    async def of(self, session: AsyncSession, person: str, now: datetime) -> HomePost:
        """Return somebody's page: their conversations, and who waits, the next one first."""
        agent = await session.scalar(select(AgentRow).where(AgentRow.external_id == person))
        mine = await repository.alive(session, [Owner.HUMAN], agent=agent.name) if agent else []
        waiting, _ = await self._cards.queue(session, now)
        return HomePost(
            person=person,
            status=agent.status if agent else AgentStatus.OFFLINE,
            mine=await self._rendered(session, mine, now),
            waiting=await self._rendered(session, waiting, now),
        )

    async def _rendered(
        self, session: AsyncSession, rows: Sequence[ConversationRow], now: datetime
    ) -> tuple[Card, ...]:
        return tuple([await self._cards.card(session, row, now) for row in rows[:_MOST]])
