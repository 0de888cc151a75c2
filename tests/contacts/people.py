"""People with handles, conversations and all that hangs on them, and whose everything is."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.merge_repository import COUNTED
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.automation import ContactAttributeRow, TaskRow
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow, MergeRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackRow
from desk.tables.shop import CustomerRow
from desk.tables.suppression import SuppressionReason, SuppressionRow
from desk.tables.ticket import TicketPriority, TicketRow, TicketStatus, TicketTopic

_numbers = count(1)

type Belongings = dict[tuple[str, Any], str]
"""(table, id) to the contact whose row it is."""


class People:
    """Puts people into a database and looks whose everything is."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now

    async def contact(self, **fields: Any) -> str:
        """Add a contact with a consent, a lifted word, a task and an attribute that nobody else has."""
        row, place = ContactRow(id=new_id(), created_at=self.now, **fields), next(_numbers)
        async with self.database.write() as session:
            session.add(row)
            await session.flush()
            session.add(
                ConsentRow(
                    key=new_id(),
                    contact_id=row.id,
                    purpose="newsletter",
                    granted=True,
                    said_at=self.now,
                )
            )
            session.add(
                TaskRow(
                    key=new_id(),
                    title="Call back",
                    contact_id=row.id,
                    due_at=self.now,
                    created_at=self.now,
                    by="Kim",
                )
            )
            session.add(self._attribute(row.id, f"note {place}", "x"))
            session.add(_lifted(self.now, contact_id=row.id))
        return row.id

    async def know(self, contact_id: str, key: str, value: str) -> None:
        """Add an attribute."""
        async with self.database.write() as session:
            session.add(self._attribute(contact_id, key, value))

    def _attribute(self, contact_id: str, key: str, value: str) -> ContactAttributeRow:
        return ContactAttributeRow(
            contact_id=contact_id, key=key, value=value, updated_at=self.now, by="Kim"
        )

    async def known(self, contact_id: str) -> dict[str, str]:
        """Return a contact's attributes, but the one that everybody begins with."""
        query = select(ContactAttributeRow).where(ContactAttributeRow.contact_id == contact_id)
        async with self.database.read() as session:
            rows = await session.scalars(query)
            return {row.key: row.value for row in rows if not row.key.startswith("note ")}

    async def clear(self) -> None:
        """Forget everybody."""
        tables = (
            TaskRow,
            ContactAttributeRow,
            TicketRow,
            FeedbackRow,
            ConsentRow,
            SuppressionRow,
            ConversationRow,
            MergeRow,
            ContactRow,
        )
        async with self.database.write() as session:
            for table in tables:
                await session.execute(delete(table))

    async def set(self, contact_id: str, **fields: Any) -> None:
        """Change a contact's fields."""
        async with self.database.write() as session:
            await session.execute(
                update(ContactRow).where(ContactRow.id == contact_id).values(**fields)
            )

    async def customer(self) -> str:
        """Add a customer of the shop."""
        row = CustomerRow(id=f"c{next(_numbers)}", name="A. C.", created_at=self.now)
        async with self.database.write() as session:
            session.add(row)
        return row.id

    async def handle(
        self, contact_id: str, channel: str = "memory", name: str = "", account: str = "a"
    ) -> str:
        """Give a contact a handle and return its id."""
        row = ContactIdentityRow(
            id=new_id(),
            contact_id=contact_id,
            channel=channel,
            account=account,
            external_id=name or f"h{next(_numbers)}",
            created_at=self.now,
        )
        async with self.database.write() as session:
            session.add(row)
        return row.id

    async def talk(self, handle_id: str) -> str:
        """Let a handle start a conversation with a ticket, a rating and a consent; return its id."""
        async with self.database.write() as session:
            handle = await session.get_one(ContactIdentityRow, handle_id)
            return await self.begin(session, handle.contact_id, handle)

    async def begin(
        self, session: AsyncSession, contact_id: str, handle: ContactIdentityRow
    ) -> str:
        """Let a handle start a conversation of a contact in an open transaction; return its id."""
        talk = ConversationRow(
            id=new_id(),
            contact_id=contact_id,
            channel=handle.channel,
            account=handle.account,
            thread=f"t{next(_numbers)}",
            handle=handle.external_id,
            created_at=self.now,
            updated_at=self.now,
        )
        session.add(talk)
        await session.flush()
        await self.hang(session, talk.id, contact_id)
        return talk.id

    async def hang(self, session: AsyncSession, talk: str, contact_id: str) -> None:
        """Hang a ticket, a rating and a consent on a conversation in an open transaction."""
        place = next(_numbers)
        session.add_all(_hanging_on(talk, contact_id, place, self.now))
        await session.flush()

    async def person(self, channel: str = "memory", name: str = "", **fields: Any) -> str:
        """Add a contact with a handle, called ``name``, and a conversation."""
        contact_id = await self.contact(**fields)
        await self.talk(await self.handle(contact_id, channel, name))
        return contact_id

    async def belongings(self) -> Belongings:
        """Return whose every row is."""
        async with self.database.read() as session:
            return {
                (name, row.key if table is ContactAttributeRow else row.id): row.contact_id
                for name, table in {**COUNTED, "attributes": ContactAttributeRow}.items()
                for row in await session.scalars(select(table))
            }

    async def contacts(self) -> dict[str, dict[str, Any]]:
        """Return every contact's fields by id."""
        names = [column.key for column in ContactRow.__table__.columns]
        async with self.database.read() as session:
            rows = await session.scalars(select(ContactRow))
            return {row.id: {name: getattr(row, name) for name in names} for row in rows}

    async def rows(self, table: type[Any]) -> list[Any]:
        """Return every row of a table."""
        async with self.database.read() as session:
            return list(await session.scalars(select(table).order_by(table.id)))

    async def events(self, prefix: str = "") -> list[EventRow]:
        """Return the events whose name starts with ``prefix``, in order."""
        async with self.database.read() as session:
            found = await session.scalars(select(EventRow).order_by(EventRow.id))
            return [event for event in found if event.name.startswith(prefix)]

    async def check(self) -> None:
        """Fail unless every row is a living contact's, and what hangs on a conversation is of the same one."""
        contacts, owned = await self.contacts(), await self.belongings()
        assert {contacts[owner]["merged_into"] for owner in owned.values()} <= {None}
        for contact in contacts.values():
            into = contact["merged_into"]
            assert into is None or contacts[into]["merged_into"] is None, "a chain"
        async with self.database.read() as session:
            talks = {
                row.id: row.contact_id for row in await session.scalars(select(ConversationRow))
            }
            for table in (TicketRow, FeedbackRow, ConsentRow):
                for row in await session.scalars(select(table)):
                    talk = row.conversation_id
                    assert talk is None or row.contact_id == talks[talk], table.__tablename__


def _lifted(now: datetime, **whose: str) -> SuppressionRow:
    """Return a word against messages that does not hold any more, so that it only shows whose it is."""
    by: dict[str, Any] = {"reason": SuppressionReason.BY_AGENT, "by": "Kim", "lifted_by": "Kim"}
    return SuppressionRow(created_at=now, lifted_at=now, **by, **whose)


def _hanging_on(talk: str, contact_id: str, place: int, now: datetime) -> list[Any]:
    key = new_id()
    whose = {"contact_id": contact_id, "conversation_id": talk}
    return [
        TicketRow(
            key=key,
            status=TicketStatus.NEW,
            priority=TicketPriority.NORMAL,
            topic=TicketTopic.OTHER,
            title="A cup is missing",
            description="",
            created_at=now,
            updated_at=now,
            **whose,
        ),
        FeedbackRow(resolution=place, owner=Owner.BOT, **whose),
        ConsentRow(key=f"{key}c", purpose="newsletter", granted=False, said_at=now, **whose),
        _lifted(now, **whose),
    ]
