"""What the tests of services need to exist: contacts, conversations, the demo shop."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select, update

from desk.clock import StoppedClock
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.base import Base
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow

_threads = count(1)


@dataclass(frozen=True)
class Talk:
    """A conversation and who speaks in it."""

    id: str
    contact_id: str


class World:
    """Puts rows into a database and looks at them."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        self.database = database
        self.clock = clock

    async def talk(self, *, contact_id: str | None = None, channel: str = "webchat") -> Talk:
        """Make a conversation, of a new contact unless one is named."""
        conversation_id, now = new_id(), self.clock()
        async with self.database.write() as session:
            if contact_id is None:
                contact_id = new_id()
                session.add(ContactRow(id=contact_id, created_at=now))
                await session.flush()
            session.add(
                ConversationRow(
                    id=conversation_id,
                    contact_id=contact_id,
                    channel=channel,
                    account="main",
                    thread=str(next(_threads)),
                    created_at=now,
                    updated_at=now,
                )
            )
        return Talk(conversation_id, contact_id)

    async def verify(self, talk: Talk, customer_id: str, at: datetime | None = None) -> None:
        """Let a contact have proved who they are."""
        await self._update(
            ContactRow, talk.contact_id, customer_id=customer_id, verified_at=at or self.clock()
        )

    async def resolve(self, talk: Talk, *, agent: str | None = None) -> None:
        """Do what the router does to a conversation that is resolved."""
        async with self.database.write() as session:
            row = (
                await session.scalars(select(ConversationRow).where(ConversationRow.id == talk.id))
            ).one()
            row.owner, row.resolution, row.agent = Owner.CLOSED, row.resolution + 1, agent

    async def reopen(self, talk: Talk) -> None:
        """Do what the router does when the customer writes again."""
        await self._update(ConversationRow, talk.id, owner=Owner.BOT, agent=None)

    async def rows(self, table: type[Base]) -> list[Any]:
        """Return every row of a table."""
        async with self.database.read() as session:
            return list(await session.scalars(select(table)))

    async def events(self, prefix: str = "") -> list[EventRow]:
        """Return the events whose name starts with ``prefix``, in order."""
        async with self.database.read() as session:
            found = await session.scalars(select(EventRow).order_by(EventRow.id))
            return [event for event in found if event.name.startswith(prefix)]

    async def _update(self, table: type[Any], key: str, **values: Any) -> None:
        async with self.database.write() as session:
            await session.execute(update(table).where(table.id == key).values(**values))
