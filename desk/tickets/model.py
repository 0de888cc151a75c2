"""Tickets as values that leave the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    #: The ticket it was written on; another one's after a merge.
    ticket_id: int = 0
    id: int = 0


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
    version: int = 1
    topic_by: str | None = None
    topic_confidence: float | None = None
    team: str | None = None
    product: str | None = None
    tags: tuple[str, ...] = ()
    channel: str | None = None
    language: str | None = None
    region: str | None = None
    segment: str | None = None
    assigned_why: Mapping[str, Any] | None = None
    first_replied_at: datetime | None = None
    reopened: int = 0
    #: The number of the ticket that this one became part of, and of the settled one it goes on from.
    merged_into: str | None = None
    follows: str | None = None
    entries: tuple[Entry, ...] = ()
