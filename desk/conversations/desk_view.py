"""What an agent may read: the inbox, a conversation with its notes, a file, what a search finds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import facts
from desk.agentdesk.cards import in_order
from desk.agentdesk.rules import DeskRules
from desk.conversations import desk_repository as ask
from desk.conversations import desk_rows as shape
from desk.conversations import search, words_index
from desk.conversations.desk_model import (
    Desk,
    File,
    Hits,
    Inbox,
    Line,
    Person,
    Place,
    Queue,
    Talk,
)
from desk.conversations.repository import history
from desk.errors import NotFoundError
from desk.inbox.collected import collected
from desk.media import repository as media
from desk.outbox import reach
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    ConversationRow,
    Owner,
)
from desk.tables.ticket import TicketStatus

_TICKETS_SHOWN = 10
_HITS, _FEW = 30, 8
_IN_TURN = 200
"""How many of those who wait are put in the order of their turns; behind them come the others by time."""
_BEFORE = 10
"""Messages shown before one that somebody wants to see."""
_PROMISED = timedelta(minutes=10)


class DeskView:
    """Reads conversations for people at the desk; changes nothing.

    ``rules`` say who is important and what may be shown; ``promised`` is within which time somebody is to come.
    """

    def __init__(
        self,
        database: Database,
        *,
        rules: Callable[[], DeskRules] = DeskRules,
        promised: timedelta = _PROMISED,
    ) -> None:
        self._database = database
        self._rules = rules
        self._promised = promised

    async def inbox(self, limits: Mapping[Owner, int], *, skip: int = 0) -> Inbox:
        """Return at most so many conversations of each owner named in ``limits``, after the first ``skip``."""
        async with self._database.read() as session:
            counts = await ask.counts(session)
            lines = {
                owner: tuple(
                    shape.line(row) for row in await ask.lines(session, owner, limit, skip)
                )
                for owner, limit in limits.items()
            }
        return Inbox(counts=counts, lines=lines)

    async def desk(
        self,
        limits: Mapping[Queue, int],
        *,
        agent: str,
        now: datetime,
        after: Place | None = None,
    ) -> Desk:
        """Return at most so many conversations of each part of the inbox that ``limits`` names, after a place."""
        # Where one's own stand apart, they are not once more among those of all people.
        others = Queue.MINE in limits
        async with self._database.read() as session:
            counts = await ask.queue_counts(session, agent)
            found: dict[Queue, Sequence[Line]] = {}
            for queue, limit in limits.items():
                if queue is Queue.WAITING and counts[queue]:
                    found[queue] = await self._in_turn(session, limit + 1, after, now)
                elif counts[queue]:
                    rows = await ask.queue_lines(
                        session, queue, agent, limit + 1, after, others=others
                    )
                    found[queue] = [shape.line(row) for row in rows]
        lines = {queue: tuple(found.get(queue, ())[:limit]) for queue, limit in limits.items()}
        older = {
            queue: Place(at=lines[queue][-1].updated_at, id=lines[queue][-1].id)
            for queue, limit in limits.items()
            if len(found.get(queue, ())) > limit
        }
        return Desk(counts=counts, lines=lines, older=older)

    async def _in_turn(
        self, session: AsyncSession, limit: int, after: Place | None, now: datetime
    ) -> Sequence[Line]:
        """Return who waits in the order of their turns, each with what it depends on."""
        rows = await ask.waiting(session, _IN_TURN)
        waits = await facts.waiting(session, rows, self._rules(), self._promised)
        ordered, _ = in_order(rows, waits, now)
        ids = [row.id for row in ordered]
        start = ids.index(after.id) + 1 if after and after.id in ids else 0
        wanted = ids[start : start + limit]
        found = await ask.lines_of(session, wanted)
        known = {one.conversation_id: one for one in waits}
        return [
            shape.waiting(shape.line(found[id_]), known[id_]) for id_ in wanted if id_ in found
        ]

    async def waiting(self) -> int:
        """Return how many conversations wait for a person."""
        async with self._database.read() as session:
            return await ask.count(session, Queue.WAITING, "")

    async def person(self, contact_id: str) -> Person | None:
        """Return a contact as one line of a list."""
        async with self._database.read() as session:
            row = await search.person(session, contact_id)
        return shape.person(row) if row else None

    async def ticket_counts(self) -> Mapping[TicketStatus, int]:
        """Return how many tickets have each status."""
        async with self._database.read() as session:
            return await ask.ticket_counts(session)

    async def search(
        self,
        text: str,
        filters: search.Filters | None = None,
        *,
        before: int | None = None,
    ) -> Hits:
        """Return people, tickets and conversations by names, addresses, numbers and what was said, newest first.

        A page after the first, ``before`` a message, has conversations only; so has a filtered one.
        """
        words, wanted = search.words(text), filters or search.Filters()
        if not words:
            return Hits()
        first = before is None and wanted == search.Filters()
        async with self._database.read() as session:
            await words_index.prefer(session)
            said, older = await search.messages(session, words, wanted, limit=_HITS, before=before)
            if not said and before is None:
                said = await search.said_by_named(session, words, wanted, limit=_HITS)
            people = await search.people(session, words, _FEW) if first else ()
            tickets = await search.tickets(session, words, _FEW) if first else ()
            numbered = await search.numbered(session, words, _FEW) if first else ()
            ids = dict.fromkeys([*numbered, *(row.conversation_id for row in said)])
            lines = await ask.lines_of(session, ids)
        return Hits(
            words=words,
            people=tuple(map(shape.person, people)),
            conversations=tuple(shape.hit(lines[id_], said) for id_ in ids if id_ in lines),
            tickets=tuple(map(shape.ticket, tickets)),
            older=older,
        )

    async def people(self, text: str, *, after: Place | None, limit: int) -> list[Person]:
        """Return contacts, the newest first: all, or those with the words in their name, address or number."""
        words = search.words(text)
        async with self._database.read() as session:
            if words:
                await words_index.prefer(session)
                return [shape.person(row) for row in await search.people(session, words, limit)]
            return [shape.person(row) for row in await search.contacts(session, after, limit)]

    async def people_of(self, ids: Sequence[str]) -> list[Person]:
        """Return some contacts in this order; who is not there any more, or is somebody else now, is left out."""
        async with self._database.read() as session:
            rows = [shape.person(row) for row in await search.people_of(session, ids)]
        return sorted(rows, key=lambda one: ids.index(one.id))

    async def talk(self, conversation_id: str, *, limit: int, at: int | None = None) -> Talk:
        """Return a conversation with at most ``limit`` of its last messages, or more to reach the message ``at``.

        Raises:
            NotFoundError: there is no such conversation.
        """
        async with self._database.read() as session:
            row = await ask.line(session, conversation_id)
            if row is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            if at is not None:
                limit = max(limit, await ask.count_from(session, conversation_id, at) + _BEFORE)
            found = await history(session, conversation_id, limit + 1)
            rows = found[-limit:]
            ids = [message.id for message in rows]
            files = await media.of_messages(session, ids)
            states = await ask.states(session, ids)
            tickets = await ask.open_tickets(session, row[0].contact_id, _TICKETS_SHOWN)
            unreachable_at = await reach.unreachable_since(session, row[0])
            contact = await session.get_one(ContactRow, row[0].contact_id)
            worth = await ask.worth(session, contact.id, contact.customer_id)
            line = await self._with_turn(session, row)
        by_message: dict[int, list[File]] = {}
        for file in files:
            by_message.setdefault(file.message_id, []).append(shape.file(file))
        return Talk(
            line=line,
            account=row[0].account,
            contact_id=row[0].contact_id,
            epoch=row[0].epoch,
            waiting_reason=row[0].waiting_reason,
            team=row[0].team,
            topic=row[0].topic,
            started_at=row[0].created_at,
            said=tuple(shape.said(m, by_message.get(m.id, ()), states.get(m.id)) for m in rows),
            has_more=len(found) > limit,
            tickets=tuple(shape.ticket(ticket) for ticket in tickets),
            unreachable_at=unreachable_at,
            collected=self._collected(row[0]),
            worth=worth,
        )

    def _collected(self, row: ConversationRow) -> Mapping[str, str]:
        allowed = self._rules().collected
        known = collected(row.collected or {}, {}, allowed)
        return {name: str(known[name]) for name in allowed if name in known}

    async def _with_turn(self, session: AsyncSession, row: ask.LineRow) -> Line:
        line = shape.line(row)
        waits = await facts.waiting(session, [row[0]], self._rules(), self._promised)
        return shape.waiting(line, waits[0]) if waits and line.owner is Owner.WAITING else line

    async def file(self, conversation_id: str, file_id: int) -> AttachmentRow:
        """Return a file of a conversation; :meth:`Media.content` has what is in it.

        Raises:
            NotFoundError: there is none, or it came in another conversation.
        """
        async with self._database.read() as session:
            row = await ask.file(session, conversation_id, file_id)
        if row is None:
            raise NotFoundError(f"there is no file {file_id} in this conversation")
        return row
