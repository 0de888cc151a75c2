"""What a comment does besides being there: it reopens, goes on as a new ticket, or shows that somebody is at it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.ticket import TicketRow
from desk.tickets import history, repository
from desk.tickets.change import Change
from desk.tickets.model import EntryAuthor, EntryKind, TicketStatus
from desk.tickets.numbers import ticket_number
from desk.tickets.opening import Draft, open_row
from desk.tickets.status import AFTER_CUSTOMER_COMMENT, goes_on_as_another


async def current(
    session: AsyncSession,
    row: TicketRow,
    words: str,
    key: str | None,
    now: datetime,
    reopen_within: timedelta,
) -> TicketRow:
    """Return the ticket that takes a customer's comment: this one, or one that goes on from it."""
    while goes_on_as_another(row.status, row.resolved_at, now, reopen_within):
        later = await repository.successor(session, row.id)
        if later is None:
            return await _go_on(session, row, words, key or now.isoformat(), now)
        row = await repository.root(session, later, lock=True)
    return row


async def _go_on(
    session: AsyncSession, row: TicketRow, words: str, key: str, now: datetime
) -> TicketRow:
    """Open a ticket that goes on from a settled one, and write it down at both."""
    draft = Draft(
        key=f"follows:{row.id}:{key}"[:200],
        conversation_id=row.conversation_id,
        topic=row.topic,
        title=row.title,
        description=words,
        priority=row.priority,
        contact_detail=row.contact_detail,
        order_number=row.order_number,
        product=row.product,
        author=EntryAuthor.CONTACT,
        follows=row.id,
    )
    later = await open_row(session, draft, now)
    linked = history.entry(
        EntryKind.LINKED,
        EntryAuthor.SYSTEM,
        now,
        old=ticket_number(row.id),
        new=ticket_number(later.id),
    )
    for one in (row, later):
        repository.add_entry(session, one.id, linked)
    return later


async def after_comment(
    session: AsyncSession,
    row: TicketRow,
    writer: EntryAuthor,
    name: str | None,
    public: bool,
    now: datetime,
    caused_by: tuple[int, ...],
) -> None:
    """Move the ticket on: a customer's comment wants somebody, an agent's answer shows that somebody is at it."""
    status = None
    if writer is EntryAuthor.CONTACT:
        status = AFTER_CUSTOMER_COMMENT.get(row.status)
    elif public and writer in (EntryAuthor.AGENT, EntryAuthor.BOT):
        agent = name if writer is EntryAuthor.AGENT else None
        history.replied(session, row, writer, agent, now, caused_by)
        if row.status is TicketStatus.NEW and writer is EntryAuthor.AGENT:
            status = TicketStatus.OPEN
    if status is not None:
        change = Change(
            status=status, author=EntryAuthor.SYSTEM, author_name=None, caused_by=caused_by
        )
        await history.changed(session, row, change, now)
