"""How the state of a message to be sent moves on: pure decisions. It only moves forward."""

from datetime import datetime

from desk.errors import RejectedError, RetryableError
from desk.message import DeliveryStatus
from desk.outbox.retry import next_attempt
from desk.tables.outbox import OutboxState, Policy

_ACCEPTED = frozenset({OutboxState.SENT, OutboxState.UNKNOWN})
_FORWARD = {
    DeliveryStatus.FAILED: (_ACCEPTED, OutboxState.FAILED),
    DeliveryStatus.DELIVERED: (_ACCEPTED, OutboxState.DELIVERED),
    # Who complains about a message has got it.
    DeliveryStatus.COMPLAINED: (_ACCEPTED, OutboxState.DELIVERED),
    DeliveryStatus.READ: (_ACCEPTED | {OutboxState.DELIVERED}, OutboxState.READ),
}


def reported(state: OutboxState, status: DeliveryStatus) -> OutboxState | None:
    """Return the state after a platform's report; None when that would be a step back."""
    allowed, after = _FORWARD[status]
    return after if state in allowed else None


def is_due(
    state: OutboxState, *, not_before: datetime, lease_until: datetime | None, now: datetime
) -> bool:
    """Say whether a row waits for a send now, or for the end of one whose sender is gone."""
    if state is OutboxState.SENDING:
        return lease_until is not None and lease_until < now
    return state is OutboxState.QUEUED and not_before <= now


def after_attempt(
    attempts: int,
    error: Exception | None,
    *,
    policy: Policy,
    created_at: datetime,
    now: datetime,
) -> tuple[OutboxState, datetime | None]:
    """Return the state after an attempt, and when to try again if it is queued."""
    if error is None:
        return OutboxState.SENT, None
    if isinstance(error, RejectedError):
        return OutboxState.FAILED, None
    if policy is Policy.AT_MOST_ONCE and not isinstance(error, RetryableError):
        return OutboxState.UNKNOWN, None
    again = next_attempt(attempts, error, created_at=created_at, now=now)
    return (OutboxState.QUEUED, again) if again else (OutboxState.DEAD, None)
