"""Questions about webhooks and deliveries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import Delete, Update

from desk.store.upsert import insert_missing
from desk.tables.conversation import MessageRow
from desk.tables.event import EventRow
from desk.tables.webhook import WebhookDeliveryRow, WebhookRow, WebhookState

_D = WebhookDeliveryRow
# The literal term is that of the partial index; with parameters SQLite would not use it.
_OPEN = text("webhook_delivery.state IN ('queued', 'sending')")


async def every(session: AsyncSession) -> Sequence[WebhookRow]:
    """Return all webhooks, oldest first."""
    return (await session.scalars(select(WebhookRow).order_by(WebhookRow.id))).all()


async def enabled(session: AsyncSession) -> Sequence[WebhookRow]:
    """Return the webhooks that are switched on."""
    query = select(WebhookRow).where(WebhookRow.enabled.is_(True)).order_by(WebhookRow.id)
    return (await session.scalars(query)).all()


async def get(session: AsyncSession, webhook_id: str, *, lock: bool = False) -> WebhookRow | None:
    """Return a webhook; with ``lock`` other transactions wait to change it."""
    query = select(WebhookRow).where(WebhookRow.id == webhook_id)
    # New deliveries refer to it and need not wait.
    return await session.scalar(query.with_for_update(key_share=True) if lock else query)


async def remove(session: AsyncSession, webhook_id: str) -> bool:
    """Remove a webhook and its deliveries; False when there is none."""
    return await _count(session, delete(WebhookRow).where(WebhookRow.id == webhook_id)) == 1


async def add_deliveries(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store deliveries; of an event that a webhook was told of already there is no second one."""
    if rows:
        await insert_missing(session, _D, rows)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_D.not_before <= now, or_(_D.state == WebhookState.QUEUED, _D.lease_until < now))


async def with_due(session: AsyncSession, now: datetime) -> Sequence[str]:
    """Return the webhooks that are switched on and for which something is due."""
    due = exists().where(_D.webhook_id == WebhookRow.id, _OPEN, *_is_due(now))
    query = select(WebhookRow.id).where(WebhookRow.enabled.is_(True), due)
    return (await session.scalars(query.order_by(WebhookRow.id))).all()


async def claim(
    session: AsyncSession,
    webhook_id: str,
    *,
    now: datetime,
    until: datetime,
    limit: int,
    only: int | None = None,
) -> list[WebhookDeliveryRow]:
    """Claim what is due for a webhook, what waits longest first; the claims end by themselves."""
    query = select(_D).where(_D.webhook_id == webhook_id, _OPEN, *_is_due(now))
    if only is not None:
        query = query.where(_D.id == only)
    query = query.order_by(_D.not_before, _D.id).limit(limit).with_for_update(skip_locked=True)
    rows = list(await session.scalars(query))
    for row in rows:
        row.state, row.lease_until = WebhookState.SENDING, until
        row.attempts += 1
    return rows


async def settle(session: AsyncSession, delivery_id: int, attempt: int, **values: Any) -> bool:
    """Record how a try ended; False when the claim was lost to somebody else."""
    mine = update(_D).where(
        _D.id == delivery_id, _D.state == WebhookState.SENDING, _D.attempts == attempt
    )
    return await _count(session, mine.values(lease_until=None, **values)) == 1


async def delivery(session: AsyncSession, delivery_id: int) -> WebhookDeliveryRow | None:
    """Return one delivery."""
    return await session.get(_D, delivery_id)


async def listing(
    session: AsyncSession,
    webhook_id: str,
    *,
    state: WebhookState | None,
    before: int | None,
    limit: int,
) -> Sequence[WebhookDeliveryRow]:
    """Return deliveries, newest first."""
    query = select(_D).where(_D.webhook_id == webhook_id)
    if state is not None:
        query = query.where(_D.state == state)
    if before is not None:
        query = query.where(_D.id < before)
    return (await session.scalars(query.order_by(_D.id.desc()).limit(limit))).all()


async def replay(session: AsyncSession, delivery_id: int, now: datetime) -> bool:
    """Send one again that has come to its end; False when it has not, or is not there."""
    return await _again(session, now, _D.id == delivery_id, _D.state.in_(_ENDED)) == 1


async def replay_dead(
    session: AsyncSession, webhook_id: str, since: datetime, now: datetime
) -> int:
    """Send all again that were given up since a time; return how many."""
    return await _again(
        session,
        now,
        _D.webhook_id == webhook_id,
        _D.created_at >= since,
        _D.state == WebhookState.DEAD,
    )


_ENDED = (WebhookState.DEAD, WebhookState.DELIVERED)


async def _again(session: AsyncSession, now: datetime, *which: ColumnElement[bool]) -> int:
    again = update(_D).where(*which)
    values = {"state": WebhookState.QUEUED, "failures": 0, "not_before": now, "ended_at": None}
    return await _count(session, again.values(**values))


async def untold(
    session: AsyncSession,
    webhook_id: str,
    kinds: Collection[str],
    *,
    since: datetime,
    after: int,
    limit: int,
) -> Sequence[EventRow]:
    """Return events of these kinds since a time of which a webhook was told nothing, oldest first."""
    told = exists().where(_D.webhook_id == webhook_id, _D.event_id == EventRow.id)
    query = (
        select(EventRow)
        .where(EventRow.name.in_(kinds), EventRow.occurred_at >= since, EventRow.id > after)
        .where(~told)
        .order_by(EventRow.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def text_of(session: AsyncSession, message_id: int | None) -> str | None:
    """Return what a message says; None when it is not there any more."""
    query = select(MessageRow.text).where(MessageRow.id == message_id)
    return await session.scalar(query)


async def forget(session: AsyncSession, before: datetime) -> int:
    """Remove deliveries that ended, and were made before a time; return how many."""
    old = delete(_D).where(_D.created_at < before, _D.state.in_(_ENDED))
    return await _count(session, old)


async def _count(session: AsyncSession, statement: Update | Delete) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount
