"""What happened to a ticket, written into its history and into the event log together."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.events import Event
from desk.tables.ticket import TicketRow
from desk.tickets import repository
from desk.tickets.change import Change, apply
from desk.tickets.model import Entry, EntryAuthor, EntryKind


def opened(session: AsyncSession, row: TicketRow, author: EntryAuthor, now: datetime) -> None:
    """Record that a ticket was opened."""
    repository.add_entry(session, row.id, _entry(EntryKind.CREATED, author, now))
    data = {"topic": row.topic.value, "priority": row.priority.value, "author": author.value}
    _append(session, row, "ticket.opened", now, data)


def commented(
    session: AsyncSession,
    row: TicketRow,
    *,
    text: str,
    author: EntryAuthor,
    author_name: str | None,
    public: bool,
    key: str | None,
    now: datetime,
) -> None:
    """Record a comment."""
    entry = _entry(EntryKind.COMMENT, author, now)
    entry = replace(entry, text=text, author_name=author_name, public=public)
    repository.add_entry(session, row.id, entry, key)
    row.updated_at = now
    _append(session, row, "ticket.commented", now, {"author": author.value, "public": public})


def changed(session: AsyncSession, row: TicketRow, change: Change, now: datetime) -> None:
    """Make a change and record it; raises ConflictError for a status that cannot follow."""
    for name, entry in apply(row, change, now):
        repository.add_entry(session, row.id, entry)
        _append(session, row, name, now, {"old": entry.old, "new": entry.new})


def _entry(kind: EntryKind, author: EntryAuthor, now: datetime) -> Entry:
    return Entry(
        kind=kind,
        author=author,
        author_name=None,
        text=None,
        old=None,
        new=None,
        public=True,
        created_at=now,
    )


def _append(
    session: AsyncSession, row: TicketRow, name: str, now: datetime, data: Mapping[str, Any]
) -> None:
    event = Event(
        name=name,
        occurred_at=now,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        data={"ticket_id": row.id, **data},
    )
    events.append(session, event)
