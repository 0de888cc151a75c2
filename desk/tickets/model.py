"""Tickets as values that leave the database."""

from dataclasses import dataclass
from datetime import datetime

from desk.tables.ticket import EntryAuthor, EntryKind, TicketPriority, TicketStatus, TicketTopic

__all__ = [
    "Entry",
    "EntryAuthor",
    "EntryKind",
    "Ticket",
    "TicketPriority",
    "TicketStatus",
    "TicketTopic",
]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a ticket's history."""

    kind: EntryKind
    author: EntryAuthor
    author_name: str | None
    text: str | None
    old: str | None
    new: str | None
    public: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A matter somebody has to settle; ``entries`` are oldest first."""

    id: int
    number: str
    contact_id: str
    conversation_id: str
    status: TicketStatus
    priority: TicketPriority
    topic: TicketTopic
    title: str
    description: str
    contact_detail: str | None
    order_number: str | None
    assignee: str | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    entries: tuple[Entry, ...] = ()
