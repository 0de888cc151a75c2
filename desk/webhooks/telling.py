"""Events become deliveries, one for each webhook that wants to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.ids import new_id
from desk.tables.event import EventRow
from desk.tables.webhook import WebhookRow
from desk.webhooks import repository
from desk.webhooks.kinds import Wish, data_of

NAME = "webhooks"
"""The reader's name in the event log."""


class Telling:
    """The handler of a :class:`desk.follow.Follower`, which hands each event over once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """Write a delivery for each event and each webhook that wants it, from its first day on."""
        now = self._clock()
        for webhook in await repository.enabled(session):
            wish = Wish(tuple(webhook.wanted["kinds"]))
            wanted = [
                row
                for row in rows
                if wish.fits(row.name) and row.occurred_at >= webhook.created_at
            ]
            await repository.add_deliveries(
                session, [of_event(webhook, row, now) for row in wanted]
            )


def of_event(webhook: WebhookRow, event: EventRow, now: datetime) -> dict[str, Any]:
    """Return the delivery by which a webhook is told of an event."""
    return new_delivery(
        webhook.id,
        event.name,
        data_of(event),
        occurred_at=event.occurred_at,
        now=now,
        event_id=event.id,
    )


def new_delivery(
    webhook_id: str,
    kind: str,
    data: dict[str, Any],
    *,
    occurred_at: datetime,
    now: datetime,
    event_id: int | None = None,
) -> dict[str, Any]:
    """Return a new delivery as a row."""
    return {
        "webhook_id": webhook_id,
        "message_id": f"msg_{new_id()}",
        "kind": kind,
        "payload": {"type": kind, "timestamp": occurred_at.isoformat(), "data": data},
        "event_id": event_id,
        "not_before": now,
        "created_at": now,
    }
