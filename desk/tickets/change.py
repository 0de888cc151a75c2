"""What an agent changes on a ticket, and the history it leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from desk.tables.ticket import TicketRow
from desk.tickets.model import Entry, EntryAuthor, EntryKind, TicketPriority, TicketStatus
from desk.tickets.numbers import ticket_number
from desk.tickets.status import DONE, check_move


@dataclass(frozen=True, kw_only=True)
class Change:
    """New values; None leaves one as it is, an empty ``assignee`` means nobody."""

    status: TicketStatus | None = None
    priority: TicketPriority | None = None
    assignee: str | None = None
    author: EntryAuthor
    author_name: str | None


def apply(row: TicketRow, change: Change, now: datetime) -> list[tuple[str, Entry]]:
    """Change a ticket; return an event name and an entry for each value that became another.

    Raises:
        ConflictError: the status cannot follow; nothing is changed then.
    """
    if change.status is not None and change.status is not row.status:
        check_move(ticket_number(row.id), row.status, change.status)
    done = list(_apply(row, change, now))
    if done:
        row.updated_at = now
    return done


def _apply(row: TicketRow, change: Change, now: datetime) -> Iterator[tuple[str, Entry]]:
    if change.status is not None and change.status is not row.status:
        yield (
            "ticket.status_changed",
            _entry(EntryKind.STATUS, row.status, change.status, change, now),
        )
        was_done, row.status = row.status in DONE, change.status
        if not was_done or change.status not in DONE:
            row.resolved_at = now if change.status in DONE else None
    if change.priority is not None and change.priority is not row.priority:
        yield (
            "ticket.priority_changed",
            _entry(EntryKind.PRIORITY, row.priority, change.priority, change, now),
        )
        row.priority = change.priority
    if change.assignee is not None and (change.assignee or None) != row.assignee:
        yield (
            "ticket.assigned",
            _entry(EntryKind.ASSIGNEE, row.assignee, change.assignee or None, change, now),
        )
        row.assignee = change.assignee or None


def _entry(
    kind: EntryKind, old: str | None, new: str | None, change: Change, now: datetime
) -> Entry:
    return Entry(
        kind=kind,
        author=change.author,
        author_name=change.author_name,
        text=None,
        old=str(old) if old is not None else None,
        new=str(new) if new is not None else None,
        # Customers may see where their ticket is, not who was given it nor how urgent it seemed.
        public=kind is EntryKind.STATUS,
        created_at=now,
    )
