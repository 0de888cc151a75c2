"""Who has a conversation open, and who is typing: true for as long as it is renewed."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.store.database import Database
from desk.store.upsert import save
from desk.tables.console import PresenceRow

RENEW = timedelta(seconds=10)
"""How often a page that is open says so."""
_LASTS = timedelta(seconds=25)
_TYPING = timedelta(seconds=6)


@dataclass(frozen=True, kw_only=True)
class Present:
    """Somebody who is there."""

    agent: str
    typing: bool


class Presence:
    """Notes and tells who is where."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def come(self, conversation_id: str, agent: str) -> None:
        """Note that somebody has the conversation open."""
        await self._note(conversation_id, agent, {})

    async def type(self, conversation_id: str, agent: str) -> None:
        """Note that somebody is typing there."""
        await self._note(conversation_id, agent, {"typed_at": self._clock()})

    async def _note(self, conversation_id: str, agent: str, more: dict[str, object]) -> None:
        key = {"conversation_id": conversation_id, "agent": agent}
        row = {**key, "seen_at": self._clock(), **more}
        async with self._database.write() as session:
            await save(session, PresenceRow, [row], key=list(key))

    async def go(self, conversation_id: str, agent: str) -> None:
        """Note that somebody has left, and forget whoever did not say so."""
        old = PresenceRow.seen_at < self._clock() - 10 * _LASTS
        here = (PresenceRow.conversation_id == conversation_id) & (PresenceRow.agent == agent)
        async with self._database.write() as session:
            await session.execute(delete(PresenceRow).where(here | old))

    async def others(self, conversation_id: str, agent: str) -> tuple[Present, ...]:
        """Return who else has the conversation open, by name."""
        async with self._database.read() as session:
            found = await self.everywhere(session)
        return tuple(
            Present(agent=who, typing=typing)
            for (where, who), typing in sorted(found.items())
            if where == conversation_id and who != agent
        )

    async def everywhere(self, session: AsyncSession) -> dict[tuple[str, str], bool]:
        """Return for every (conversation, agent) that is true now whether they are typing."""
        now = self._clock()
        rows = await session.scalars(select(PresenceRow).where(PresenceRow.seen_at > now - _LASTS))
        return {
            (row.conversation_id, row.agent): row.typed_at is not None
            and row.typed_at > now - _TYPING
            for row in rows
        }
