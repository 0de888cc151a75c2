"""Questions about received messages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from desk.inbox.codec import Claimed
from desk.store import core, json
from desk.tables.base import UtcDateTime, table_of
from desk.tables.inbox import STUCK, InboxRow, InboxState

_INBOX = table_of(InboxRow)
# One statement with two parameters for a whole group: parameters for each row would be most of its cost.
_ADD = {
    "sqlite": text(
        """
INSERT INTO inbox (channel, account, external_id, thread, payload, raw, state, attempts, failures,
  not_before, received_at)
SELECT value->>'channel', value->>'account', value->>'external_id', value->>'thread', value->'payload',
  value->>'raw', 'new', 0, 0, :now, :now
FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING"""
    ),
    "postgresql": text(
        """
INSERT INTO inbox (channel, account, external_id, thread, payload, raw, state, attempts, failures,
  not_before, received_at)
SELECT channel, account, external_id, thread, payload, raw, 'new', 0, 0, :now, :now
FROM json_to_recordset(CAST(:rows AS json)) AS r
  (channel text, account text, external_id text, thread text, payload jsonb, raw text)
ON CONFLICT DO NOTHING"""
    ),
}
_ADD = {name: one.bindparams(bindparam("now", type_=UtcDateTime())) for name, one in _ADD.items()}
_THIS = _INBOX.alias("i")
_OTHER = _INBOX.alias("e")
_SAME_PLACE = and_(
    _OTHER.c.channel == _THIS.c.channel,
    _OTHER.c.account == _THIS.c.account,
    _OTHER.c.thread == _THIS.c.thread,
)
# The literal terms are those of the partial indexes; with parameters SQLite would not use them.
_OTHER_OPEN = text("e.state IN ('new', 'working')")
_IS_HEAD = and_(
    text("i.state IN ('new', 'working')"),
    or_(
        and_(_THIS.c.state == InboxState.NEW, _THIS.c.not_before <= bindparam("now")),
        and_(_THIS.c.state == InboxState.WORKING, _THIS.c.lease_until < bindparam("now")),
    ),
    ~exists(select(_OTHER.c.id).where(_OTHER_OPEN, _SAME_PLACE, _OTHER.c.id < _THIS.c.id)),
)
_ANY_HEAD = select(_THIS.c.id).where(_IS_HEAD).limit(1)
_HEADS = (
    select(*(_THIS.c[name] for name in Claimed.__struct_fields__))
    .where(_IS_HEAD)
    .order_by(_THIS.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=_THIS, skip_locked=True)
)
_CLAIM = (
    update(_INBOX)
    .where(_INBOX.c.id == bindparam("inbox_id"))
    .values(
        state=InboxState.WORKING, attempts=_INBOX.c.attempts + 1, lease_until=bindparam("until")
    )
)
_FINISH = update(_INBOX).where(
    _INBOX.c.id == bindparam("inbox_id"),
    _INBOX.c.state == InboxState.WORKING,
    _INBOX.c.attempts == bindparam("attempt"),
)
_NEXT = (
    select(_OTHER.c.id)
    .join(_THIS, _SAME_PLACE)
    .where(_THIS.c.id == bindparam("inbox_id"), _OTHER_OPEN, _OTHER.c.id > _THIS.c.id)
    .limit(1)
)


async def add(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Store received messages, with one time for all; one that is there already stays as it is."""
    values = {"now": rows[0]["received_at"], "rows": json.dumps(rows)}
    statement = _ADD[connection.dialect.name]
    await connection.run_sync(lambda plain: plain.execute(statement, values))


async def any_due(session: AsyncSession, *, now: datetime) -> bool:
    """Say whether there is something to claim, without taking the writer's place."""
    return await core.fetch_one(session, _ANY_HEAD, {"now": now}) is not None


async def claim(
    session: AsyncSession, *, now: datetime, limit: int, lease: timedelta
) -> Sequence[Claimed]:
    """Claim the first unfinished message of up to ``limit`` conversations."""
    found = await core.fetch(session, _HEADS, {"now": now, "most": limit})
    if not found:
        return []
    until = now + lease
    await core.run(session, _CLAIM, [{"inbox_id": row.id, "until": until} for row in found])
    claimed = [Claimed(*row) for row in found]
    for one in claimed:
        one.attempts += 1
    return claimed


async def finish(
    session: AsyncSession, inbox_id: int, attempt: int, state: InboxState, **values: Any
) -> bool:
    """Move a claimed message on; False when the claim was lost to somebody else."""
    which = {"inbox_id": inbox_id, "attempt": attempt}
    changes = {"state": state, "lease_until": None, **values}
    return await core.run(session, _FINISH, {**which, **changes}) == 1


async def another_waits(session: AsyncSession, inbox_id: int) -> bool:
    """Say whether the same customer has written again since."""
    return await core.fetch_one(session, _NEXT, {"inbox_id": inbox_id}) is not None


async def recover(session: AsyncSession) -> int:
    """Put back what a killed process had claimed; only where no other process works on this database."""
    result = await session.execute(
        update(InboxRow)
        .where(InboxRow.state == InboxState.WORKING)
        .values(state=InboxState.NEW, lease_until=None)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
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
    if state is InboxState.DEAD:
        query = query.where(STUCK)
    return (await session.scalars(query)).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """Return when the oldest unfinished message came."""
    return await session.scalar(
        select(func.min(InboxRow.received_at)).where(text("state IN ('new', 'working')"))
    )
