"""Questions about received messages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from desk.store.upsert import insert_missing
from desk.tables.inbox import InboxRow, InboxState

_THIS = aliased(InboxRow, name="i")
_EARLIER = aliased(InboxRow, name="e")


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store received messages; one that is there already stays as it is."""
    await insert_missing(session, InboxRow, rows)


def _heads(now: datetime, limit: int) -> Select[InboxRow]:
    # The literal terms are those of the partial indexes; with parameters SQLite would not use them.
    earlier = exists(
        select(_EARLIER.id).where(
            text("e.state IN ('new', 'working')"),
            _EARLIER.channel == _THIS.channel,
            _EARLIER.account == _THIS.account,
            _EARLIER.thread == _THIS.thread,
            _EARLIER.id < _THIS.id,
        )
    )
    due = or_(
        and_(_THIS.state == InboxState.NEW, _THIS.not_before <= now),
        and_(_THIS.state == InboxState.WORKING, _THIS.lease_until < now),
    )
    return (
        select(_THIS)
        .where(text("i.state IN ('new', 'working')"), due, ~earlier)
        .order_by(_THIS.id)
        .limit(limit)
    )


async def any_due(session: AsyncSession, *, now: datetime) -> bool:
    """Say whether there is something to claim, without taking the writer's place."""
    return await session.scalar(_heads(now, 1)) is not None


async def claim(
    session: AsyncSession, *, now: datetime, limit: int, lease: timedelta
) -> Sequence[InboxRow]:
    """Claim the first unfinished message of up to ``limit`` conversations."""
    rows = (
        await session.scalars(_heads(now, limit).with_for_update(of=_THIS, skip_locked=True))
    ).all()
    for row in rows:
        row.state = InboxState.WORKING
        row.attempts += 1
        row.lease_until = now + lease
    return rows


async def finish(
    session: AsyncSession, inbox_id: int, attempt: int, state: InboxState, **values: Any
) -> bool:
    """Move a claimed message on; False when the claim was lost to somebody else."""
    result = await session.execute(
        update(InboxRow)
        .where(
            InboxRow.id == inbox_id,
            InboxRow.state == InboxState.WORKING,
            InboxRow.attempts == attempt,
        )
        .values(state=state, lease_until=None, **values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount == 1


async def recover(session: AsyncSession) -> int:
    """Put back what a killed process had claimed; only where no other process works on this database."""
    result = await session.execute(
        update(InboxRow)
        .where(InboxRow.state == InboxState.WORKING)
        .values(state=InboxState.NEW, lease_until=None)
    )
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount


async def replay(session: AsyncSession, inbox_id: int, now: datetime) -> bool:
    """Give a dead message another chance."""
    result = await session.execute(
        update(InboxRow)
        .where(InboxRow.id == inbox_id, InboxRow.state == InboxState.DEAD)
        .values(state=InboxState.NEW, failures=0, not_before=now, last_error=None, done_at=None)
    )
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount == 1


async def listing(
    session: AsyncSession, *, state: InboxState | None, limit: int
) -> Sequence[InboxRow]:
    """Return received messages, newest first."""
    query = select(InboxRow).order_by(InboxRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(InboxRow.state == state)
    return (await session.scalars(query)).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """Return when the oldest unfinished message came."""
    return await session.scalar(
        select(func.min(InboxRow.received_at)).where(text("state IN ('new', 'working')"))
    )
