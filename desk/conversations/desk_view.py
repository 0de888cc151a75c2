"""What an agent may read: the inbox, a conversation with its notes, a file."""

from collections.abc import Mapping, Sequence

from desk.conversations import desk_repository as ask
from desk.conversations import search
from desk.conversations.desk_model import (
    Content,
    File,
    Hit,
    Hits,
    Inbox,
    Line,
    Said,
    Talk,
    TicketLine,
)
from desk.conversations.repository import history
from desk.errors import NotFoundError
from desk.outbox import reach
from desk.store.database import Database
from desk.tables.conversation import MessageRow, Owner
from desk.tables.outbox import OutboxState
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets.numbers import ticket_number

_TICKETS_SHOWN = 10
_HITS = 30


class DeskView:
    """Reads conversations for people at the desk; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbox(self, limits: Mapping[Owner, int], *, skip: int = 0) -> Inbox:
        """Return at most so many conversations of each owner named in ``limits``, after the first ``skip``."""
        async with self._database.read() as session:
            counts = await ask.counts(session)
            lines = {
                owner: tuple(_line(row) for row in await ask.lines(session, owner, limit, skip))
                for owner, limit in limits.items()
            }
        return Inbox(counts=counts, lines=lines)

    async def waiting(self) -> int:
        """Return how many conversations wait for a person."""
        async with self._database.read() as session:
            return (await ask.counts(session))[Owner.WAITING]

    async def ticket_counts(self) -> Mapping[TicketStatus, int]:
        """Return how many tickets have each status."""
        async with self._database.read() as session:
            return await ask.ticket_counts(session)

    async def search(self, text: str) -> Hits:
        """Return conversations and tickets by names, addresses, numbers and what was said, newest first."""
        words = search.words(text)
        if not words:
            return Hits()
        async with self._database.read() as session:
            found = await search.conversations(session, words, _HITS + 1)
            lines = [_line(row) for row in found[:_HITS]]
            texts = await search.excerpts(session, words, [line.id for line in lines])
            tickets = await search.tickets(session, words, _HITS)
        return Hits(
            words=words,
            conversations=tuple(Hit(line=line, text=texts.get(line.id, "")) for line in lines),
            tickets=tuple(_ticket(row) for row in tickets),
            has_more=len(found) > _HITS,
        )

    async def talk(self, conversation_id: str, *, limit: int) -> Talk:
        """Return a conversation with at most ``limit`` of its last messages.

        Raises:
            NotFoundError: there is no such conversation.
        """
        async with self._database.read() as session:
            row = await ask.line(session, conversation_id)
            if row is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            found = await history(session, conversation_id, limit + 1)
            rows = found[-limit:]
            ids = [message.id for message in rows]
            files = await ask.files(session, ids)
            states = await ask.states(session, ids)
            tickets = await ask.open_tickets(session, row[0].contact_id, _TICKETS_SHOWN)
            unreachable_at = await reach.unreachable_since(session, row[0])
        by_message: dict[int, list[File]] = {}
        for message_id, file_id, name, size in files:
            by_message.setdefault(message_id, []).append(File(id=file_id, name=name, size=size))
        return Talk(
            line=_line(row),
            account=row[0].account,
            waiting_reason=row[0].waiting_reason,
            started_at=row[0].created_at,
            said=tuple(_said(m, by_message.get(m.id, ()), states.get(m.id)) for m in rows),
            has_more=len(found) > limit,
            tickets=tuple(_ticket(ticket) for ticket in tickets),
            unreachable_at=unreachable_at,
        )

    async def file(self, conversation_id: str, file_id: int) -> Content:
        """Return a file of a conversation.

        Raises:
            NotFoundError: there is none, or it came in another conversation.
        """
        async with self._database.read() as session:
            row = await ask.file(session, conversation_id, file_id)
        if row is None:
            raise NotFoundError(f"there is no file {file_id} in this conversation")
        return Content(name=row.name, content=row.content)


def _line(found: ask.LineRow) -> Line:
    row, name, text, author = found
    return Line(
        id=row.id,
        name=name,
        thread=row.thread,
        channel=row.channel,
        owner=row.owner,
        agent=row.agent,
        language=row.language,
        waiting_since=row.waiting_since,
        updated_at=row.updated_at,
        last_text=text or "",
        last_author=author,
    )


def _ticket(row: TicketRow) -> TicketLine:
    return TicketLine(
        number=ticket_number(row.id), title=row.title, status=row.status, priority=row.priority
    )


def _said(row: MessageRow, files: Sequence[File], state: OutboxState | None) -> Said:
    return Said(
        id=row.id,
        direction=row.direction,
        author=row.author,
        author_name=row.author_name,
        text=row.text,
        choices=tuple(str(choice["title"]) for choice in row.choices),
        files=tuple(files),
        state=state,
        created_at=row.created_at,
    )
