"""What customers do with their own ticket on its page: see it, write, say that it is solved or that it is not."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.store.database import Database
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets import history, repository
from desk.tickets.change import Change
from desk.tickets.model import EntryAuthor, Ticket
from desk.tickets.numbers import ticket_number
from desk.tickets.service import Tickets
from desk.tickets.status import MOVES


class CustomerTickets:
    """Whoever holds the link may do this; who that is was decided where it was given out."""

    def __init__(self, database: Database, clock: Clock, tickets: Tickets) -> None:
        self._database = database
        self._clock = clock
        self._tickets = tickets

    async def see(self, ticket_id: int) -> Ticket:
        """Return a ticket, or what it became part of, with its public history; NotFoundError if it is gone."""
        async with self._database.read() as session:
            row = await _own(session, ticket_id)
            ids = await repository.family(session, row.id)
            lines = await repository.entries(session, ids, public_only=True)
            return repository.ticket(row, lines)

    async def comment(self, ticket_id: int, text: str, *, key: str) -> Ticket:
        """Add the customer's words; return the ticket that has them, which may be a new one that goes on.

        Raises:
            InvalidError: there are none.
        """
        async with self._database.write() as session:
            row = await _own(session, ticket_id)
            return await self._tickets.comment_in(
                session,
                number=ticket_number(row.id),
                text=text,
                author=EntryAuthor.CONTACT,
                key=f"link:{ticket_id}:{key}"[:200],
            )

    async def move(self, ticket_id: int, status: TicketStatus) -> None:
        """Let the customer say that it is settled (``resolved``) or not (``open``); once said, again does nothing.

        Raises:
            ConflictError: it is closed; a comment opens a new one.
        """
        change = Change(status=status, author=EntryAuthor.CONTACT, author_name=None, is_told=True)
        async with self._database.write() as session:
            whole = await _own(session, ticket_id)
            row = await repository.by_id(session, whole.id, lock=True)
            if row is None or row.status is status:
                return
            if status not in MOVES[row.status]:
                raise ConflictError(f"{ticket_number(row.id)} is {row.status}")
            await history.changed(session, row, change, self._clock())


async def _own(session: AsyncSession, ticket_id: int) -> TicketRow:
    """Return a ticket as its customer may see it: merged ones lead on only where they are of the same person."""
    row = await repository.by_id(session, ticket_id)
    if row is None:
        raise NotFoundError
    whole = await repository.root(session, row)
    return whole if whole.contact_id == row.contact_id else row
