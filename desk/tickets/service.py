"""Open, read, comment and move tickets."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.ticket import EntryKind, TicketRow
from desk.tickets import corrections, history, repository
from desk.tickets.change import BY_RULE, Change
from desk.tickets.commenting import after_comment, current
from desk.tickets.conflicts import MergedError, StaleError
from desk.tickets.model import (
    EntryAuthor,
    Ticket,
    TicketPriority,
    TicketStatus,
    TicketTopic,
)
from desk.tickets.numbers import ticket_number
from desk.tickets.opening import Draft, customer_of, open_row
from desk.tickets.reading import VERIFIED_FOR, TicketReader, row_of, ticket_of
from desk.tickets.status import MOVES
from desk.tickets.words import one_line, one_of, shown_text, tag_of

__all__ = ["Ticket", "Tickets"]

_REOPEN_WITHIN = timedelta(days=7)
_MOST_TAGS = 20


class Tickets(TicketReader):
    """Everything that can happen to a ticket, and what can be seen of it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        verified_for: timedelta = VERIFIED_FOR,
        reopen_within: timedelta = _REOPEN_WITHIN,
    ) -> None:
        """A customer's comment reopens what was settled less than ``reopen_within`` ago."""
        super().__init__(database, clock, verified_for=verified_for)
        self._reopen_within = reopen_within

    async def open(
        self,
        *,
        key: str,
        conversation_id: str,
        topic: str,
        title: str,
        description: str,
        priority: str = "normal",
        contact_detail: str | None = None,
        order_number: str | None = None,
        product: str | None = None,
        author: str = "bot",
    ) -> Ticket:
        """Open a ticket; the same key gives the same ticket back.

        Raises:
            NotFoundError: there is no such conversation.
            InvalidError: topic, priority or author is none of ours.
        """
        async with self._database.write() as session:
            return await self.open_in(
                session,
                key=key,
                conversation_id=conversation_id,
                topic=topic,
                title=title,
                description=description,
                priority=priority,
                contact_detail=contact_detail,
                order_number=order_number,
                product=product,
                author=author,
            )

    async def open_in(
        self,
        session: AsyncSession,
        *,
        key: str,
        conversation_id: str,
        topic: str,
        title: str,
        description: str,
        priority: str = "normal",
        contact_detail: str | None = None,
        order_number: str | None = None,
        product: str | None = None,
        author: str = "bot",
        follows: int | None = None,
        caused_by: tuple[int, ...] = (),
    ) -> Ticket:
        """Open a ticket inside the caller's transaction; otherwise as :meth:`open`.

        ``follows`` is the id of a settled ticket that it goes on from.
        """
        draft = Draft(
            key=key,
            conversation_id=conversation_id,
            topic=one_of(TicketTopic, topic),
            title=title,
            description=description,
            priority=one_of(TicketPriority, priority),
            contact_detail=contact_detail,
            order_number=order_number,
            product=product,
            author=one_of(EntryAuthor, author),
            follows=follows,
            caused_by=caused_by,
        )
        row = await open_row(session, draft, self._clock())
        return await ticket_of(session, row, public_only=True)

    async def comment(
        self,
        *,
        number: str,
        text: str,
        author: str,
        author_name: str | None = None,
        public: bool = True,
        key: str | None = None,
    ) -> Ticket:
        """Add a comment, once for each ``key``; return the ticket that has it.

        One by the customer reopens a ticket that was settled lately, and opens a new one that goes on from a closed
        one. Whether a customer may comment is not asked here: look the ticket up with :meth:`for_owner`.
        """
        async with self._database.write() as session:
            return await self.comment_in(
                session,
                number=number,
                text=text,
                author=author,
                author_name=author_name,
                public=public,
                key=key,
            )

    async def comment_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        text: str,
        author: str,
        author_name: str | None = None,
        public: bool = True,
        key: str | None = None,
        message_id: int | None = None,
        reopens: bool = True,
        caused_by: tuple[int, ...] = (),
    ) -> Ticket:
        """Add a comment inside the caller's transaction; otherwise as :meth:`comment`.

        ``message_id`` names the message that has the same words. Without ``reopens`` the customer wants nothing more.
        """
        writer, words = one_of(EntryAuthor, author), shown_text(text)
        if not words:
            raise InvalidError("A comment needs a text.")
        if writer is EntryAuthor.CONTACT:
            # A conversation is always locked before its tickets, and a new ticket may follow.
            whole = await repository.root(session, await row_of(session, number))
            await customer_of(session, whole.conversation_id)
        # Asked under the lock, so that the same words at once are one comment.
        row = await _held(session, number)
        known = await repository.ticket_of_entry(session, key) if key else None
        if known is not None:
            return await ticket_of(session, await repository.root(session, known))
        now = self._clock()
        if writer is EntryAuthor.CONTACT and reopens:
            row = await current(session, row, words, key, now, self._reopen_within)
        added = history.entry(
            EntryKind.COMMENT, writer, now, public=public, text=words, author_name=author_name
        )
        await history.commented(
            session, row, added, key=key, message_id=message_id, caused_by=caused_by
        )
        if reopens:
            await after_comment(session, row, writer, author_name, public, now, caused_by)
        await session.flush()
        return await ticket_of(session, row)

    async def set(
        self,
        *,
        number: str,
        status: str | None = None,
        priority: str | None = None,
        assignee: str | None = None,
        topic: str | None = None,
        team: str | None = None,
        product: str | None = None,
        tags: Iterable[str] | None = None,
        by: str,
        why: str | None = None,
        version: int | None = None,
    ) -> Ticket:
        """Change fields; an empty assignee, team or product means none, ``by`` names the agent.

        Raises:
            NotFoundError: there is no such ticket.
            InvalidError: a value is none of ours.
            ConflictError: the status cannot follow; the message says which can.
            MergedError: it became part of another ticket.
            StaleError: ``version`` is given and the ticket is a later one by now.
        """
        async with self._database.write() as session:
            return await self.set_in(
                session,
                number=number,
                status=status,
                priority=priority,
                assignee=assignee,
                topic=topic,
                team=team,
                product=product,
                tags=tags,
                by=by,
                why=why,
                version=version,
            )

    async def set_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        status: str | None = None,
        priority: str | None = None,
        assignee: str | None = None,
        topic: str | None = None,
        team: str | None = None,
        product: str | None = None,
        tags: Iterable[str] | None = None,
        by: str,
        author: str = "agent",
        why: str | None = None,
        version: int | None = None,
        caused_by: tuple[int, ...] = (),
    ) -> Ticket:
        """Change fields inside the caller's transaction; otherwise as :meth:`set`.

        A rule gives ``author="system"`` and its name as ``by``.
        """
        writer = one_of(EntryAuthor, author)
        change = Change(
            status=one_of(TicketStatus, status) if status else None,
            priority=one_of(TicketPriority, priority) if priority else None,
            topic=one_of(TicketTopic, topic) if topic else None,
            assignee=one_line(assignee, longest=128) if assignee is not None else None,
            team=one_line(team, longest=64) if team is not None else None,
            product=one_line(product, longest=64) if product is not None else None,
            tags=_tags(tags) if tags is not None else None,
            author=writer,
            author_name=one_line(by, longest=200) or None,
            chosen_by=BY_RULE if writer is EntryAuthor.SYSTEM else writer.value,
            why=shown_text(why)[:500] or None if why else None,
            caused_by=caused_by,
        )
        row = await row_of(session, number, lock=True)
        if row.merged_into is not None:
            into = await repository.root(session, row)
            raise MergedError(ticket_number(row.id), ticket_number(into.id))
        if version is not None and version != row.version:
            raise StaleError(await ticket_of(session, row))
        before, now = row.topic, self._clock()
        await history.changed(session, row, change, now)
        if row.topic is not before and writer is EntryAuthor.AGENT:
            await corrections.note(session, row, before, change.by, now)
        await session.flush()
        return await ticket_of(session, row)

    async def tag_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        by: str,
        author: str = "agent",
        caused_by: tuple[int, ...] = (),
    ) -> Ticket:
        """Add and take tags, in the caller's transaction; errors as for :meth:`set`."""
        row = await row_of(session, number, lock=True)
        gone = set(_tags(remove))
        tags = [tag for tag in (*(row.tags or ()), *_tags(add)) if tag not in gone]
        return await self.set_in(
            session, number=number, tags=tags, by=by, author=author, caused_by=caused_by
        )

    async def settle_in(
        self, session: AsyncSession, *, conversation_id: str, status: TicketStatus, by: str
    ) -> None:
        """Move on the tickets that a handoff has opened for a conversation, in the caller's transaction.

        Those that somebody has settled already, or moved elsewhere, stay as they are.
        """
        change = Change(status=status, author=EntryAuthor.AGENT, author_name=by, is_told=True)
        for row in await repository.of_handoffs(session, conversation_id):
            if status in MOVES[row.status]:
                await history.changed(session, row, change, self._clock())

    async def close_settled(self, *, limit: int = 200) -> int:
        """Close tickets that were resolved too long ago to be reopened; return how many."""
        now = self._clock()
        change = Change(status=TicketStatus.CLOSED, author=EntryAuthor.SYSTEM, author_name=None)
        async with self._database.write() as session:
            rows = await repository.resolved_before(session, now - self._reopen_within, limit)
            for row in rows:
                await history.changed(session, row, change, now)
        return len(rows)


async def _held(session: AsyncSession, number: str) -> TicketRow:
    """Return the ticket that has this number by now, locked."""
    return await repository.root(session, await row_of(session, number, lock=True), lock=True)


def _tags(given: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(tag for tag in map(tag_of, given) if tag))
    if len(found) > _MOST_TAGS:
        raise InvalidError(f"A ticket has at most {_MOST_TAGS} tags.")
    return found
