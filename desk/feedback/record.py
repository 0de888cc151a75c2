"""The events of feedback: complete, so that every figure can be computed from them alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.events import Event
from desk.feedback.snapshot import noted
from desk.tables.feedback import FeedbackRow

SURVEYED = "feedback.surveyed"
SCORED = "feedback.scored"
COMMENTED = "feedback.commented"
READ = "feedback.comment_read"
WITHHELD = "feedback.withheld"


def append(
    session: AsyncSession,
    row: FeedbackRow,
    name: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add an event about a question or its answer in the caller's transaction."""
    known = {
        "feedback_id": row.id,
        "kind": row.kind,
        "resolution": row.resolution,
        "asked": row.surveyed_at is not None,
        **noted(row),
    }
    log(session, row.contact_id, row.conversation_id, name, now, {**known, **(data or {})})


def log(
    session: AsyncSession,
    contact_id: str,
    conversation_id: str,
    name: str,
    now: datetime,
    data: dict[str, Any],
) -> None:
    """Add an event for which there is no row."""
    events.append(
        session,
        Event(
            name=name,
            occurred_at=now,
            contact_id=contact_id,
            conversation_id=conversation_id,
            data=data,
        ),
    )
