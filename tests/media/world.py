"""A conversation with files, and a platform that has them."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import func, insert, select

from desk.channel import Feature, Pace, TextLimit
from desk.clock import StoppedClock
from desk.ids import new_id
from desk.media import repository
from desk.media.rows import rows_for
from desk.message import Attachment, OutboundMessage, Sent
from desk.store.database import Database
from desk.tables.base import Base
from desk.tables.contact import ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    Author,
    ConversationRow,
    Direction,
    MessageRow,
    Owner,
)


@dataclass
class Files:
    """Puts messages with files into one conversation and looks at them."""

    database: Database
    clock: StoppedClock
    channel: str
    thread: str
    conversation_id: str = field(default_factory=new_id)

    async def begin(self) -> None:
        """Start the conversation."""
        now, contact_id = self.clock(), new_id()
        place = {"channel": self.channel, "account": "main", "thread": self.thread}
        async with self.database.write() as session:
            session.add(ContactRow(id=contact_id, created_at=now))
            await session.flush()
            times = {"created_at": now, "updated_at": now}
            session.add(
                ConversationRow(
                    id=self.conversation_id,
                    contact_id=contact_id,
                    owner=Owner.BOT,
                    **place,
                    **times,
                )
            )

    async def message(self, *attachments: Attachment) -> int:
        """Store a customer's message with files; return its id."""
        async with self.database.write() as session:
            message_id = await session.scalar(
                insert(MessageRow)
                .values(
                    conversation_id=self.conversation_id,
                    direction=Direction.INBOUND,
                    author=Author.CONTACT,
                    text="",
                    choices=[],
                    created_at=self.clock(),
                )
                .returning(MessageRow.id)
            )
            assert message_id is not None
            await repository.add(session, rows_for(message_id, attachments, self.clock()))
        return message_id

    async def waiting(self, reference: str) -> int:
        """Store a message whose file is still with the platform; return the file's id."""
        file = Attachment(name=f"{reference}.txt", content_type="text/plain", reference=reference)
        message_id = await self.message(file)
        return next(row.id for row in await self.rows() if row.message_id == message_id)

    async def rows(self) -> list[AttachmentRow]:
        """Return every file."""
        async with self.database.read() as session:
            return list(await session.scalars(select(AttachmentRow).order_by(AttachmentRow.id)))

    async def row(self, file_id: int) -> AttachmentRow:
        """Return one file."""
        return next(row for row in await self.rows() if row.id == file_id)

    async def count(self, table: type[Base]) -> int:
        """Return how many rows a table has."""
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0


class Platform:
    """A platform with files; what is put into ``fails`` happens to the next fetches of a reference, in order."""

    def __init__(self, name: str = "remote") -> None:
        self.name = name
        self.account = "main"
        self.features: frozenset[Feature] = frozenset()
        self.pace = Pace()
        self.limit: TextLimit | None = None
        self.files: dict[str, bytes] = {}
        self.fails: dict[str, list[Exception]] = {}
        self.hangs: set[str] = set()
        self.fetched: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()

    async def send(self, message: OutboundMessage) -> Sent:
        """Take a message."""
        return Sent(external_id=message.id)

    async def fetch(self, reference: str, most: int) -> bytes:
        """Give a file, or fail as told."""
        self.fetched[reference] += 1
        if reference in self.hangs:
            self.struck["hang"] += 1
            await asyncio.Event().wait()
        if self.fails.get(reference):
            error = self.fails[reference].pop(0)
            self.struck[type(error).__name__] += 1
            raise error
        return self.files[reference]
