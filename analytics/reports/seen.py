"""An event as the figures read it: typed, and tolerant of what old or broken events lack."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from analytics.reports.business import ms

_LONGEST = 128


class EventLike(Protocol):
    """What is read of a row of the event log."""

    name: str
    contact_id: str | None
    conversation_id: str | None
    occurred_at: datetime
    data: dict[str, Any]


class Seen(Struct, frozen=True):
    """An event. ``at`` is in milliseconds since 1970."""

    name: str
    at: int
    contact: str
    conversation: str
    data: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a text of the data; empty when it is not there or no text."""
        value = self.data.get(key)
        return value[:_LONGEST] if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """Return a number of the data."""
        value = self.data.get(key)
        return float(value) if isinstance(value, int | float) and value is not True else None

    def id(self, key: str) -> str:
        """Return an id of the data as text; empty when there is none."""
        value = self.data.get(key)
        return str(value)[:40] if isinstance(value, int | str) else ""


def seen(row: EventLike) -> Seen:
    """Read a row."""
    return Seen(
        name=row.name,
        at=ms(row.occurred_at),
        contact=row.contact_id or "",
        conversation=row.conversation_id or "",
        data=row.data if isinstance(row.data, dict) else {},
    )


_OF_TALKS = frozenset({"conversation", "message", "feedback"})
_ALSO_OF_TALKS = frozenset({"contact.verified", "ticket.opened", "ticket.topic_changed"})


def subjects(event: Seen) -> tuple[str, ...]:
    """Return whose figures an event concerns: a conversation's, a ticket's, a survey's without a conversation."""
    noun, _, _ = event.name.partition(".")
    found = []
    if (noun in _OF_TALKS or event.name in _ALSO_OF_TALKS) and event.conversation:
        found.append(f"c:{event.conversation}")
    elif noun == "feedback" and (rating := event.id("feedback_id")):
        found.append(f"f:{rating}")
    if noun in ("ticket", "sla") and (ticket := event.id("ticket_id")):
        found.append(f"t:{ticket}")
    return tuple(found)
