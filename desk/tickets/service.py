"""Open, read, comment and move tickets."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.commerce.numbers import normalise_order_number
from desk.errors import InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.ticket import TicketRow
from desk.tickets import history, repository
from desk.tickets.change import Change
from desk.tickets.model import (
    EntryAuthor,
    Ticket,
    TicketPriority,
    TicketStatus,
    TicketTopic,
)
from desk.tickets.numbers import ticket_id, ticket_number
from desk.tickets.status import AFTER_CUSTOMER_COMMENT
from desk.tickets.words import one_line, one_of, shown_text

__all__ = ["Ticket", "Tickets"]

_VERIFIED_FOR = timedelta(hours=24)
_LARGEST_PAGE = 200


class Tickets:
    """Everything that can happen to a ticket."""

    def __init__(
        self, database: Database, clock: Clock, *, verified_for: timedelta = _VERIFIED_FOR
    ) -> None:
        self._database = database
        self._clock = clock
        self._verified_for = verified_for

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
        author: str = "bot",
    ) -> Ticket:
        """Open a ticket inside the caller's transaction; otherwise as :meth:`open`."""
        contact = await _contact(session, conversation_id)
        about, urgency = one_of(TicketTopic, topic), one_of(TicketPriority, priority)
        writer, now = one_of(EntryAuthor, author), self._clock()
        # Looked for first: a refused insert would use up a number on PostgreSQL.
        row, is_new = await repository.by_key(session, key), False
        if row is None:
            row, is_new = await repository.insert(
                session,
                {
                    "key": key,
                    "contact_id": contact.id,
                    "conversation_id": conversation_id,
                    "status": TicketStatus.NEW,
                    "priority": urgency,
                    "topic": about,
                    # Too long or empty is no reason to lose a customer's words.
                    "title": one_line(title, longest=200) or about.value.replace("_", " "),
                    "description": shown_text(description),
                    "contact_detail": one_line(contact_detail or "", longest=254) or None,
                    "order_number": _order_number(order_number),
                    "created_at": now,
                    "updated_at": now,
                },
            )
        if is_new:
            history.opened(session, row, writer, now)
        await session.flush()
        return await _ticket(session, row, public_only=True)

    async def number_in(self, session: AsyncSession, *, key: str) -> str | None:
        """Return the number of the ticket opened under a key, inside the caller's transaction."""
        row = await repository.by_key(session, key)
        return ticket_number(row.id) if row else None

    async def for_owner(self, *, conversation_id: str, number: str) -> Ticket | None:
        """Return a ticket with its public entries, only if it is this contact's.

        It is also theirs when they opened it on another channel and proved on both to be the same customer.
        """
        wanted = ticket_id(number)
        if wanted is None:
            return None
        return await self._owned(conversation_id, wanted)

    async def latest(self, *, conversation_id: str) -> Ticket | None:
        """Return this contact's newest ticket with its public entries."""
        return await self._owned(conversation_id, None)

    async def list(
        self,
        *,
        status: str | None = None,
        topic: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> tuple[Ticket, ...]:
        """Return 1 to 200 tickets, newest first, without entries.

        ``after`` is the number of the last ticket of the page before.
        """
        before_id = ticket_id(after) if after else None
        if after and before_id is None:
            raise InvalidError(f"{after!r} is not a ticket number such as T-000123.")
        async with self._database.read() as session:
            rows = await repository.page(
                session,
                status=one_of(TicketStatus, status) if status else None,
                topic=one_of(TicketTopic, topic) if topic else None,
                before_id=before_id,
                limit=max(1, min(limit, _LARGEST_PAGE)),
            )
        return tuple(repository.ticket(row) for row in rows)

    async def get(self, *, number: str) -> Ticket:
        """Return a ticket with all its entries, or raise NotFoundError."""
        async with self._database.read() as session:
            row = await _row(session, number)
            return await _ticket(session, row)

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
        """Add a comment, once for each ``key``; one by the customer reopens a settled ticket.

        Whether a customer may comment is not asked here: look the ticket up with :meth:`for_owner`.
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
    ) -> Ticket:
        """Add a comment inside the caller's transaction; otherwise as :meth:`comment`."""
        writer, words = one_of(EntryAuthor, author), shown_text(text)
        if not words:
            raise InvalidError("A comment needs a text.")
        row = await _row(session, number, lock=True)
        if key is None or not await repository.has_entry(session, key):
            now = self._clock()
            history.commented(
                session,
                row,
                text=words,
                author=writer,
                author_name=author_name,
                public=public,
                key=key,
                now=now,
            )
            status = AFTER_CUSTOMER_COMMENT.get(row.status)
            if writer is EntryAuthor.CONTACT and status is not None:
                change = Change(status=status, author=EntryAuthor.SYSTEM, author_name=None)
                history.changed(session, row, change, now)
        await session.flush()
        return await _ticket(session, row)

    async def set(
        self,
        *,
        number: str,
        status: str | None = None,
        priority: str | None = None,
        assignee: str | None = None,
        by: str,
    ) -> Ticket:
        """Change status, priority or assignee; an empty assignee means nobody, ``by`` names the agent.

        Raises:
            NotFoundError: there is no such ticket.
            InvalidError: a status or priority is none of ours.
            ConflictError: the status cannot follow; the message says which can.
        """
        change = Change(
            status=one_of(TicketStatus, status) if status else None,
            priority=one_of(TicketPriority, priority) if priority else None,
            assignee=one_line(assignee, longest=128) if assignee is not None else None,
            author=EntryAuthor.AGENT,
            author_name=one_line(by, longest=200) or None,
        )
        async with self._database.write() as session:
            row = await _row(session, number, lock=True)
            history.changed(session, row, change, self._clock())
            await session.flush()
            return await _ticket(session, row)

    async def _owned(self, conversation_id: str, wanted: int | None) -> Ticket | None:
        async with self._database.read() as session:
            contact = await _contact(session, conversation_id)
            owners = {contact.id}
            if contact.customer_id is not None and self._is_fresh(contact):
                owners |= set(await repository.contacts_of_customer(session, contact.customer_id))
            row = await repository.owned(session, owners, wanted)
            return await _ticket(session, row, public_only=True) if row else None

    def _is_fresh(self, contact: ContactRow) -> bool:
        verified_at = contact.verified_at
        return verified_at is not None and self._clock() - verified_at < self._verified_for


async def _contact(session: AsyncSession, conversation_id: str) -> ContactRow:
    contact = await repository.contact_of(session, conversation_id)
    if contact is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return contact


async def _row(session: AsyncSession, number: str, *, lock: bool = False) -> TicketRow:
    wanted = ticket_id(number)
    row = None if wanted is None else await repository.by_id(session, wanted, lock=lock)
    if row is None:
        raise NotFoundError(f"There is no ticket {one_line(number, longest=40)!r}.")
    return row


async def _ticket(session: AsyncSession, row: TicketRow, *, public_only: bool = False) -> Ticket:
    lines = await repository.entries(session, row.id, public_only=public_only)
    return repository.ticket(row, lines)


def _order_number(text: str | None) -> str | None:
    return normalise_order_number(text) if text else None
