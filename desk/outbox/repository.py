"""Questions about messages to be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from desk.tables.conversation import MessageRow
from desk.tables.outbox import DeliveryRow, OutboxRow, OutboxState, Policy

_THIS = aliased(OutboxRow, name="o")
_EARLIER = aliased(OutboxRow, name="e")


def _heads(now: datetime, limit: int) -> Select[OutboxRow]:
    earlier = exists(
        select(_EARLIER.id).where(
            text("e.state IN ('queued', 'sending')"),
            _EARLIER.conversation_id == _THIS.conversation_id,
            _EARLIER.id < _THIS.id,
        )
    )
    due = or_(
        and_(_THIS.state == OutboxState.QUEUED, _THIS.not_before <= now),
        and_(_THIS.state == OutboxState.SENDING, _THIS.lease_until < now),
    )
    return (
        select(_THIS)
        .where(text("o.state IN ('queued', 'sending')"), due, ~earlier)
        .order_by(_THIS.id)
        .limit(limit)
    )


async def due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[OutboxRow]:
    """Return the next message of up to ``limit`` conversations, without claiming them."""
    return (await session.scalars(_heads(now, limit))).all()


async def locked(session: AsyncSession, outbox_id: int) -> OutboxRow | None:
    """Return a row, locked; None when another worker holds it."""
    return await session.scalar(
        select(OutboxRow).where(OutboxRow.id == outbox_id).with_for_update(skip_locked=True)
    )


async def message(session: AsyncSession, message_id: int) -> MessageRow:
    """Return the message of an outbox row."""
    row = await session.get(MessageRow, message_id)
    if row is None:
        raise LookupError(f"message {message_id} is gone")
    return row


async def settle(
    session: AsyncSession, outbox_id: int, attempt: int, state: OutboxState, **values: Any
) -> bool:
    """Record how a send ended; False when the claim was lost to somebody else."""
    result = await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.id == outbox_id,
            OutboxRow.state == OutboxState.SENDING,
            OutboxRow.attempts == attempt,
        )
        .values(state=state, lease_until=None, **values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount == 1


def add_delivery(session: AsyncSession, **values: Any) -> None:
    """Keep a record of an attempt."""
    session.add(DeliveryRow(**values))


async def by_external_id(
    session: AsyncSession, *, channel: str, account: str, external_id: str
) -> OutboxRow | None:
    """Return the message that the platform knows by this id, locked."""
    return await session.scalar(
        select(OutboxRow)
        .where(
            OutboxRow.channel == channel,
            OutboxRow.account == account,
            OutboxRow.external_id == external_id,
        )
        .with_for_update()
    )


async def recover(session: AsyncSession) -> int:
    """Put back what a killed process was sending; at-most-once messages become unknown instead."""
    gone = update(OutboxRow).where(OutboxRow.state == OutboxState.SENDING)
    again = await session.execute(
        gone.where(OutboxRow.policy == Policy.AT_LEAST_ONCE).values(
            state=OutboxState.QUEUED, lease_until=None
        )
    )
    await session.execute(gone.values(state=OutboxState.UNKNOWN, lease_until=None))
    assert isinstance(again, CursorResult)  # noqa: S101
    return again.rowcount


async def replay(session: AsyncSession, outbox_id: int, now: datetime) -> bool:
    """Give a dead, failed or unknown message another chance."""
    result = await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.id == outbox_id,
            OutboxRow.state.in_([OutboxState.DEAD, OutboxState.FAILED, OutboxState.UNKNOWN]),
        )
        .values(
            state=OutboxState.QUEUED, attempts=0, not_before=now, created_at=now, last_error=None
        )
    )
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount == 1


async def listing(
    session: AsyncSession, *, state: OutboxState | None, limit: int
) -> Sequence[OutboxRow]:
    """Return messages to be sent, newest first."""
    query = select(OutboxRow).order_by(OutboxRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(OutboxRow.state == state)
    return (await session.scalars(query)).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """Return when the oldest unsent message was queued."""
    return await session.scalar(
        select(func.min(OutboxRow.created_at)).where(text("state IN ('queued', 'sending')"))
    )
