"""Webhooks and their deliveries as values that leave the database."""

from dataclasses import dataclass
from datetime import datetime

from desk.tables.webhook import WebhookDeliveryRow, WebhookRow, WebhookState


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """An address that is told; ``failing_since`` is since when nothing arrives there, if something failed."""

    id: str
    url: str
    name: str
    kinds: tuple[str, ...]
    with_text: bool
    enabled: bool
    off_reason: str | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one address; ``answer`` is the start of what was answered last."""

    id: int
    webhook_id: str
    message_id: str
    kind: str
    state: WebhookState
    attempts: int
    status: int | None
    error: str | None
    answer: str | None
    next_try_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


def webhook_of(row: WebhookRow) -> Webhook:
    """Return a row as a value."""
    return Webhook(
        id=row.id,
        url=row.url,
        name=row.name,
        kinds=tuple(row.wanted["kinds"]),
        with_text=row.with_text,
        enabled=row.enabled,
        off_reason=row.off_reason,
        failing_since=row.failing_since,
        old_secret_until=row.old_until,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def delivery_of(row: WebhookDeliveryRow) -> Delivery:
    """Return a row as a value."""
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        message_id=row.message_id,
        kind=row.kind,
        state=row.state,
        attempts=row.attempts,
        status=row.status,
        error=row.last_error,
        answer=row.answer,
        next_try_at=row.not_before if row.state is WebhookState.QUEUED else None,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
