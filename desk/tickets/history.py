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


def snapshot(row: TicketRow) -> dict[str, Any]:
    """Return what every event of a ticket says about it."""
    return {
        "ticket_id": row.id,
        "topic": row.topic.value,
        "priority": row.priority.value,
        "status": row.status.value,
        "assignee": row.assignee,
        "team": row.team,
        "channel": row.channel,
        "segment": row.segment,
    }


def opened(
    session: AsyncSession,
    row: TicketRow,
    author: EntryAuthor,
    now: datetime,
    caused_by: tuple[int, ...] = (),
) -> None:
    """Record that a ticket was opened."""
    repository.add_entry(session, row.id, entry(EntryKind.CREATED, author, now))
    data = {"author": author.value, "by": author.value, "why": None, "follows": row.follows}
    append(session, row, "ticket.opened", now, data, caused_by)


async def commented(
    session: AsyncSession,
    row: TicketRow,
    words: Entry,
    *,
    key: str | None,
    message_id: int | None = None,
    caused_by: tuple[int, ...] = (),
) -> int:
    """Record a comment; return the id of its entry."""
    added = repository.add_entry(session, row.id, words, key, message_id=message_id)
    await session.flush()
    row.updated_at = words.created_at
    by = words.author_name or words.author.value
    data = {
        "author": words.author.value,
        "public": words.public,
        "by": by,
        "why": None,
        "entry_id": added.id,
    }
    append(session, row, "ticket.commented", words.created_at, data, caused_by)
    return added.id


def replied(
    session: AsyncSession,
    row: TicketRow,
    author: EntryAuthor,
    agent: str | None,
    now: datetime,
    caused_by: tuple[int, ...] = (),
) -> None:
    """Record that the customer got an answer of ours."""
    first = row.first_replied_at is None
    if first:
        row.first_replied_at = now
    data = {"by": author.value, "agent": agent, "first": first, "why": None}
    append(session, row, "ticket.replied", now, data, caused_by)


async def changed(session: AsyncSession, row: TicketRow, change: Change, now: datetime) -> bool:
    """Make a change and record it; return whether anything became another.

    Raises:
        ConflictError: the status cannot follow.
    """
    done = apply(row, change, now)
    for one in done:
        if one.entry is not None:
            repository.add_entry(session, row.id, one.entry)
        who = {"by": change.by, "author": change.author.value, "why": change.why}
        data = who | ({"is_told": True} if change.is_told else {}) | dict(one.data)
        append(session, row, one.event, now, data, change.caused_by)
        if one.event == "ticket.tagged":
            await repository.index_tags(session, row)
    return bool(done)


def entry(
    kind: EntryKind, author: EntryAuthor, now: datetime, *, public: bool = True, **more: Any
) -> Entry:
    """Return a line of the history."""
    empty = Entry(
        kind=kind,
        author=author,
        author_name=None,
        text=None,
        old=None,
        new=None,
        public=public,
        created_at=now,
    )
    return replace(empty, **more)


def append(
    session: AsyncSession,
    row: TicketRow,
    name: str,
    now: datetime,
    data: Mapping[str, Any],
    caused_by: tuple[int, ...] = (),
) -> None:
    """Add an event of a ticket to the log."""
    caused = {"caused_by": list(caused_by)} if caused_by else {}
    event = Event(
        name=name,
        occurred_at=now,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        data={**snapshot(row), **data, **caused},
    )
    events.append(session, event)
