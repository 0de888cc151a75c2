"""Look at tickets; nothing is changed here."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.ticket import TicketRow
from desk.tickets import repository
from desk.tickets.listing import Clocked, Page, Wanted, count_by_status, page_of
from desk.tickets.model import Ticket, TicketStatus, TicketTopic
from desk.tickets.numbers import ticket_id, ticket_number
from desk.tickets.opening import customer_of
from desk.tickets.words import one_line, one_of

_LARGEST_PAGE = 200
VERIFIED_FOR = timedelta(hours=24)


class TicketReader:
    """What customers and agents see of tickets."""

    def __init__(
        self, database: Database, clock: Clock, *, verified_for: timedelta = VERIFIED_FOR
    ) -> None:
        """For ``verified_for`` a customer who proved who they are sees the tickets of their other channels."""
        self._database = database
        self._clock = clock
        self._verified_for = verified_for

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

    async def find(
        self,
        wanted: Wanted,
        *,
        after: str = "",
        limit: int = 50,
        clocked: Clocked | None = None,
    ) -> Page:
        """Return 1 to 200 tickets as they are asked for, without entries, from the place ``after`` on.

        Raises:
            InvalidError: there is no such place.
        """
        async with self._database.read() as session:
            return await page_of(
                session, wanted, after, max(1, min(limit, _LARGEST_PAGE)), clocked
            )

    async def counts(
        self, wanted: Wanted, *, clocked: Clocked | None = None
    ) -> dict[TicketStatus, int]:
        """Return how many of the tickets asked for have each status, whatever status is asked for."""
        async with self._database.read() as session:
            return await count_by_status(session, wanted, clocked)

    async def get(self, *, number: str) -> Ticket:
        """Return a ticket with all its entries, or the one it was merged into; NotFoundError if there is none."""
        async with self._database.read() as session:
            row = await repository.root(session, await row_of(session, number))
            return await ticket_of(session, row)

    async def some(self, numbers: Iterable[str]) -> tuple[Ticket, ...]:
        """Return the tickets of these numbers that exist and are part of no other, oldest first, without entries."""
        ids = {id_ for id_ in map(ticket_id, numbers) if id_ is not None}
        async with self._database.read() as session:
            rows = await repository.by_ids(session, ids)
        return tuple(repository.ticket(row) for row in rows)

    async def _owned(self, conversation_id: str, wanted: int | None) -> Ticket | None:
        async with self._database.read() as session:
            contact = (await customer_of(session, conversation_id)).contact
            owners = {contact.id}
            if contact.customer_id is not None and self._is_fresh(contact):
                owners |= set(await repository.contacts_of_customer(session, contact.customer_id))
            row = await repository.owned(session, owners, wanted)
            if row is None:
                return None
            whole = await repository.root(session, row)
            # Contacts can be split after their tickets were merged; nobody sees somebody else's for that.
            shown = whole if whole.contact_id in owners else row
            return await ticket_of(session, shown, public_only=True)

    def _is_fresh(self, contact: ContactRow) -> bool:
        verified_at = contact.verified_at
        return verified_at is not None and self._clock() - verified_at < self._verified_for


async def row_of(session: AsyncSession, number: str, *, lock: bool = False) -> TicketRow:
    """Return the ticket of a number, or raise NotFoundError."""
    wanted = ticket_id(number)
    row = None if wanted is None else await repository.by_id(session, wanted, lock=lock)
    if row is None:
        raise NotFoundError(f"There is no ticket {one_line(number, longest=40)!r}.")
    return row


async def ticket_of(session: AsyncSession, row: TicketRow, *, public_only: bool = False) -> Ticket:
    """Return a ticket with its entries and those of the tickets that became part of it."""
    ids = await repository.family(session, row.id)
    lines = await repository.entries(session, ids, public_only=public_only)
    return repository.ticket(row, lines)
