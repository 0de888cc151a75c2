"""The append-only record of what happened; every metric is computed from it, never from live rows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import deferred
from desk.tables.base import table_of
from desk.tables.event import EventRow

_INSERT = insert(table_of(EventRow))


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened: ``name`` is ``noun.past_verb``, ``data`` holds ids and figures, never message text."""

    name: str
    occurred_at: datetime
    contact_id: str | None = None
    conversation_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def append(session: AsyncSession, *events: Event) -> None:
    """Add events to the log in the caller's transaction; they are written at its end, in this order."""
    deferred.defer(
        session,
        _INSERT,
        (
            {
                "name": event.name,
                "contact_id": event.contact_id,
                "conversation_id": event.conversation_id,
                "occurred_at": event.occurred_at,
                "data": event.data,
            }
            for event in events
        ),
    )
