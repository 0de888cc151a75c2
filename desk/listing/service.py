"""Contacts, conversations, messages, ratings and agents, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.commerce.proof import normalise_email
from desk.contacts.record import canonical_phone
from desk.conversations.desk_repository import states
from desk.errors import InvalidError, NotFoundError
from desk.listing.page import Page, page_of
from desk.media import repository as media
from desk.store.database import Database
from desk.tables.agent import AgentRow
from desk.tables.base import Base
from desk.tables.contact import ContactRow
from desk.tables.conversation import AttachmentRow, ConversationRow, MessageRow
from desk.tables.feedback import FeedbackRow
from desk.tables.outbox import OutboxState


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message with its files; ``state`` is how far it has come, None for what was not to be sent."""

    row: MessageRow
    state: OutboxState | None
    files: tuple[AttachmentRow, ...]


class Listing:
    """Reads rows in pages; whatever is given of a filter must be so."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def contacts(
        self, *, email: str | None, phone: str | None, after: str | None, limit: int
    ) -> Page[ContactRow]:
        """Return contacts, the newest first; not those who turned out to be somebody else."""
        query = select(ContactRow).where(ContactRow.merged_into.is_(None))
        if email is not None:
            query = query.where(ContactRow.email == _email(email))
        if phone is not None:
            query = query.where(ContactRow.phone == canonical_phone(phone))
        async with self._database.read() as session:
            return await page_of(session, query, ContactRow.id, after=after, limit=limit)

    async def conversations(
        self, wanted: Mapping[str, Any], *, after: str | None, limit: int
    ) -> Page[ConversationRow]:
        """Return conversations, the newest first; ``wanted`` names columns and their values."""
        query = _where(select(ConversationRow), ConversationRow, wanted)
        async with self._database.read() as session:
            return await page_of(session, query, ConversationRow.id, after=after, limit=limit)

    async def conversation(self, conversation_id: str) -> ConversationRow:
        """Return a conversation, or raise NotFoundError."""
        async with self._database.read() as session:
            row = await session.get(ConversationRow, conversation_id)
        if row is None:
            raise NotFoundError(f"there is no conversation {conversation_id}")
        return row

    async def messages(
        self, conversation_id: str, *, after: str | None, limit: int
    ) -> Page[Message]:
        """Return what was said and noted in a conversation, the oldest first, or raise NotFoundError."""
        await self.conversation(conversation_id)
        query = select(MessageRow).where(MessageRow.conversation_id == conversation_id)
        async with self._database.read() as session:
            page = await page_of(
                session, query, MessageRow.id, after=after, limit=limit, newest_first=False
            )
            return Page(rows=await messages_of(session, page.rows), next=page.next)

    async def file(self, file_id: int) -> AttachmentRow:
        """Return a file of a message, or raise NotFoundError; :meth:`Media.content` has what is in it."""
        async with self._database.read() as session:
            row = await session.get(AttachmentRow, file_id)
        if row is None:
            raise NotFoundError(f"there is no file {file_id}")
        return row

    async def feedback(
        self,
        wanted: Mapping[str, Any],
        *,
        since: datetime | None,
        until: datetime | None,
        after: str | None,
        limit: int,
    ) -> Page[FeedbackRow]:
        """Return ratings, the newest first; with a time those that were given in ``[since, until)``."""
        query = _where(select(FeedbackRow), FeedbackRow, wanted)
        if since is not None:
            query = query.where(FeedbackRow.answered_at >= since)
        if until is not None:
            query = query.where(FeedbackRow.answered_at < until)
        async with self._database.read() as session:
            return await page_of(session, query, FeedbackRow.id, after=after, limit=limit)

    async def agents(
        self, wanted: Mapping[str, Any], *, after: str | None, limit: int
    ) -> Page[AgentRow]:
        """Return agents, those who have been here longest first."""
        query = _where(select(AgentRow), AgentRow, wanted)
        async with self._database.read() as session:
            return await page_of(
                session, query, AgentRow.id, after=after, limit=limit, newest_first=False
            )

    async def agent(self, agent_id: str) -> AgentRow:
        """Return an agent, or raise NotFoundError."""
        async with self._database.read() as session:
            row = await session.get(AgentRow, agent_id)
        if row is None:
            raise NotFoundError(f"there is no agent {agent_id}")
        return row


async def messages_of(session: AsyncSession, rows: Sequence[MessageRow]) -> tuple[Message, ...]:
    """Return messages with their files and how far they have come."""
    ids = [row.id for row in rows]
    far, files = await states(session, ids), await media.of_messages(session, ids)
    return tuple(
        Message(
            row=row,
            state=far.get(row.id),
            files=tuple(file for file in files if file.message_id == row.id),
        )
        for row in rows
    )


def _where[R: Base](query: Select[R], table: type[R], wanted: Mapping[str, Any]) -> Select[R]:
    for name, value in wanted.items():
        column: InstrumentedAttribute[Any] = getattr(table, name)
        query = query.where(column == value)
    return query


def _email(text: str) -> str:
    email = normalise_email(text)
    if email is None:
        raise InvalidError("this is no e-mail address")
    return email
