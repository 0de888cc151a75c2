"""Conversations as agents see them: who waits, and everything that was said."""

from dataclasses import dataclass
from datetime import datetime

from desk.contacts.repository import conversation_with_name
from desk.conversations import repository
from desk.errors import NotFoundError
from desk.store.database import Database
from desk.tables.conversation import Author, ConversationRow, Direction, Owner


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message or a note; ``attachments`` are names of files."""

    id: int
    direction: Direction
    author: Author
    author_name: str | None
    text: str
    attachments: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A conversation; ``lines`` are oldest first and empty in a list."""

    id: str
    contact_id: str
    contact_name: str | None
    channel: str
    owner: Owner
    agent: str | None
    language: str
    waiting_since: datetime | None
    waiting_reason: str | None
    updated_at: datetime
    lines: tuple[Line, ...] = ()


class Overview:
    """Reads conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, *, waiting: bool = False, limit: int = 50) -> tuple[Talk, ...]:
        """Return conversations: the longest waiting first, then the newest."""
        owners = [Owner.WAITING] if waiting else list(Owner)
        async with self._database.read() as session:
            rows = await repository.by_owner(session, owners, limit)
        return tuple(_talk(row, name) for row, name in rows)

    async def read(self, conversation_id: str, *, limit: int = 200) -> Talk:
        """Return a conversation with its last messages.

        Raises:
            NotFoundError: there is none.
        """
        async with self._database.read() as session:
            found = await conversation_with_name(session, conversation_id)
            if found is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            messages = await repository.history(session, conversation_id, limit)
            files = await repository.attachments_of(session, [row.id for row in messages])
        lines = tuple(
            Line(
                id=row.id,
                direction=row.direction,
                author=row.author,
                author_name=row.author_name,
                text=row.text,
                attachments=tuple(name for owner, name, _ in files if owner == row.id),
                created_at=row.created_at,
            )
            for row in messages
        )
        return _talk(*found, lines)


def _talk(row: ConversationRow, name: str | None, lines: tuple[Line, ...] = ()) -> Talk:
    return Talk(
        id=row.id,
        contact_id=row.contact_id,
        contact_name=name,
        channel=row.channel,
        owner=row.owner,
        agent=row.agent,
        language=row.language,
        waiting_since=row.waiting_since,
        waiting_reason=row.waiting_reason,
        updated_at=row.updated_at,
        lines=lines,
    )
