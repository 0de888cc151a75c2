"""The append-only record of what happened; every metric is computed from it, never from live rows."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import deferred
from desk.tables.base import table_of
from desk.tables.event import EventRow

_INSERT = insert(table_of(EventRow))
_CAUSES: ContextVar[tuple[int, ...]] = ContextVar("causes", default=())


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened: ``name`` is ``noun.past_verb``, ``data`` holds ids and figures, never message text."""

    name: str
    occurred_at: datetime
    contact_id: str | None = None
    conversation_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def caused_by(rules: Iterable[int]) -> Iterator[None]:
    """Let events that are added inside the block say which rules led to them, the first of them first."""
    token = _CAUSES.set(tuple(rules))
    try:
        yield
    finally:
        _CAUSES.reset(token)


@contextmanager
def because_of(event: EventRow) -> Iterator[None]:
    """Let what is added inside the block have the causes of an event to which it is the reaction."""
    with caused_by(event.data.get("caused_by", ())):
        yield


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
                "data": _with_causes(event.data),
            }
            for event in events
        ),
    )


def _with_causes(data: dict[str, Any]) -> dict[str, Any]:
    causes = _CAUSES.get()
    return {"caused_by": list(causes), **data} if causes else data
