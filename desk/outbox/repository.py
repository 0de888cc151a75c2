"""Questions about messages to be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, func, or_, select, text, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from desk.outbox import reach
from desk.store import core
from desk.tables.base import table_of
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.outbox import STUCK, DeliveryRow, OutboxRow, OutboxState, Policy

_OUTBOX = table_of(OutboxRow)
_THIS = _OUTBOX.alias("o")
_EARLIER = _OUTBOX.alias("e")
# The literal terms are those of the partial indexes; with parameters SQLite would not use them.
_OPEN = text("o.state IN ('queued', 'sending')")
_LANE = (_THIS.c.channel, _THIS.c.account)
_LANE_AFTER = (
    select(*_LANE)
    .where(_OPEN, tuple_(*_LANE) > tuple_(bindparam("channel"), bindparam("account")))
    .order_by(*_LANE)
    .limit(1)
)
_IN_LANE = and_(
    _OPEN,
    _THIS.c.channel == bindparam("channel"),
    _THIS.c.account == bindparam("account"),
    _THIS.c.policy == bindparam("policy"),
)
_HEADS = (
    select(_THIS.c.id, _THIS.c.conversation_id)
    .where(
        _IN_LANE,
        _THIS.c.not_before <= bindparam("now"),
        or_(_THIS.c.state == OutboxState.QUEUED, _THIS.c.lease_until < bindparam("now")),
        ~exists(
            select(_EARLIER.c.id).where(
                text("e.state IN ('queued', 'sending')"),
                _EARLIER.c.conversation_id == _THIS.c.conversation_id,
                _EARLIER.c.id < _THIS.c.id,
            )
        ),
    )
    .order_by(_THIS.c.not_before, _THIS.c.id)
    .limit(bindparam("most"))
)
_NEXT_DUE = select(func.min(_THIS.c.not_before)).where(
    _IN_LANE, _THIS.c.not_before > bindparam("now")
)


class Lane(NamedTuple):
    """An account on a channel."""

    channel: str
    account: str


class Head(NamedTuple):
    """The next message of a conversation."""

    outbox_id: int
    conversation_id: str


async def lanes(session: AsyncSession) -> Sequence[Lane]:
    """Return the lanes in which something waits: one look-up each, however much that is."""
    found: list[Lane] = []
    last = Lane("", "")
    while row := await core.fetch_one(session, _LANE_AFTER, last._asdict()):
        last = Lane(*row)
        found.append(last)
    return found


async def heads(session: AsyncSession, lane: Lane, *, now: datetime, most: int) -> list[Head]:
    """Return the next message of up to ``most`` conversations, without claiming them.

    Replies come before campaigns, then whatever has been due for longest.
    """
    found: list[Head] = []
    for policy in Policy:
        where = {**lane._asdict(), "policy": policy, "now": now, "most": most - len(found)}
        if most > len(found):
            found += [Head(*row) for row in await core.fetch(session, _HEADS, where)]
    return found


async def next_due(session: AsyncSession, lane: Lane, *, now: datetime) -> datetime | None:
    """Return when the next message of a lane that waits for its time is due."""
    times = [
        await core.fetch_one(session, _NEXT_DUE, {**lane._asdict(), "policy": policy, "now": now})
        for policy in Policy
    ]
    return min((row[0] for row in times if row and row[0]), default=None)


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


async def sending(session: AsyncSession, lane: Lane) -> frozenset[int]:
    """Return what is being sent on a lane at this moment."""
    rows = await session.scalars(
        select(OutboxRow.id).where(
            OutboxRow.state == OutboxState.SENDING,
            OutboxRow.channel == lane.channel,
            OutboxRow.account == lane.account,
        )
    )
    return frozenset(rows)


def add_delivery(session: AsyncSession, **values: Any) -> None:
    """Keep a record of an attempt."""
    session.add(DeliveryRow(**values))


async def by_external_id(
    session: AsyncSession, *, channel: str, account: str, external_id: str
) -> OutboxRow | None:
    """Return the message that the platform knows by this id."""
    return await session.scalar(
        select(OutboxRow).where(
            OutboxRow.channel == channel,
            OutboxRow.account == account,
            OutboxRow.external_id == external_id,
        )
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
    """Give a dead, failed or unknown message another chance, and its customer, if nothing reached them any more."""
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
    if result.rowcount != 1:
        return False
    conversation = await session.scalar(
        select(ConversationRow).join(OutboxRow).where(OutboxRow.id == outbox_id)
    )
    if conversation is not None:
        await reach.resume(session, conversation, now)
    return True


async def listing(
    session: AsyncSession, *, state: OutboxState | None, limit: int
) -> Sequence[OutboxRow]:
    """Return messages to be sent, newest first."""
    query = select(OutboxRow).order_by(OutboxRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(OutboxRow.state == state)
    if state in (OutboxState.DEAD, OutboxState.FAILED, OutboxState.UNKNOWN):
        query = query.where(STUCK)
    return (await session.scalars(query)).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """Return when the oldest unsent message was queued."""
    return await session.scalar(
        select(func.min(OutboxRow.created_at)).where(text("state IN ('queued', 'sending')"))
    )
