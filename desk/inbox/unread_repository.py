"""Questions about updates that could not be read."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from desk.message import Unread
from desk.outbox.retry import backoff
from desk.store.storable import storable
from desk.store.upsert import insert_new
from desk.tables.channel import UnreadRow, UnreadState

MOST_ATTEMPTS = 5


async def add(session: AsyncSession, unread: Unread, now: datetime) -> None:
    """Keep an update as it came; the same one again is the one that is there."""
    raw = storable(json.dumps(unread.raw, default=str, sort_keys=True))
    await insert_new(
        session,
        UnreadRow,
        {
            "channel": unread.channel,
            "account": storable(unread.account, 128),
            "digest": hashlib.sha256(raw.encode()).hexdigest(),
            "raw": raw,
            "state": UnreadState.WAITING,
            "attempts": 1,
            "not_before": now + backoff(1),
            "last_error": storable(unread.error, 500),
            "received_at": now,
        },
        unique=["channel", "account", "digest"],
    )


async def due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[int]:
    """Return which updates are to be tried again now."""
    query = (
        select(UnreadRow.id)
        .where(text("state = 'waiting'"), UnreadRow.not_before <= now)
        .order_by(UnreadRow.not_before)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def waiting(session: AsyncSession, unread_id: int) -> UnreadRow | None:
    """Return an update that waits, locked where one writes; None when somebody else has it or it is done."""
    query = (
        select(UnreadRow)
        .where(UnreadRow.id == unread_id, UnreadRow.state == UnreadState.WAITING)
        .with_for_update(skip_locked=True)
    )
    return await session.scalar(query)


async def failed(session: AsyncSession, unread_id: int, error: Exception, now: datetime) -> None:
    """Note another failed try; after the fifth it is a dead letter."""
    row = await waiting(session, unread_id)
    if row is None:
        return
    row.attempts += 1
    row.last_error = storable(f"{type(error).__name__}: {error}", 500)
    row.not_before = now + backoff(row.attempts)
    if row.attempts >= MOST_ATTEMPTS:
        row.state, row.done_at = UnreadState.DEAD, now


async def replay(session: AsyncSession, unread_id: int, now: datetime) -> bool:
    """Give a dead update another chance."""
    values: dict[str, Any] = {"state": UnreadState.WAITING, "attempts": 0, "not_before": now}
    result = await session.execute(
        update(UnreadRow)
        .where(UnreadRow.id == unread_id, UnreadRow.state == UnreadState.DEAD)
        .values(**values, done_at=None)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount == 1


async def listing(
    session: AsyncSession, *, state: UnreadState | None, limit: int
) -> Sequence[UnreadRow]:
    """Return updates that could not be read, newest first."""
    query = select(UnreadRow).order_by(UnreadRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(UnreadRow.state == state)
    return (await session.scalars(query)).all()
