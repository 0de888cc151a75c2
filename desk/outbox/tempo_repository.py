"""Where the tempo of lanes and chats is kept, for every process that sends."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channel import Rate
from desk.outbox import pace
from desk.outbox.pace import Tempo
from desk.outbox.repository import Lane
from desk.store import core
from desk.store.upsert import insert_missing, save
from desk.tables.base import table_of
from desk.tables.outbox import PaceRow

WHOLE_LANE = ""
"""The thread under which the tempo of a whole lane is kept."""

_PACE = table_of(PaceRow)
_KEY = ("channel", "account", "thread")
_OF_LANE = select(_PACE.c.thread, _PACE.c.recent, _PACE.c.paused_until).where(
    _PACE.c.channel == bindparam("channel"), _PACE.c.account == bindparam("account")
)
_ONE = _OF_LANE.where(_PACE.c.thread == WHOLE_LANE)
_BOTH = (
    _OF_LANE.where(_PACE.c.thread.in_((WHOLE_LANE, bindparam("chat"))))
    .order_by(_PACE.c.thread)
    .with_for_update()
)
_IDLE = delete(_PACE).where(_PACE.c.idle_at < bindparam("now"))

type Rates = Mapping[str, Sequence[Rate]]
"""Limits by thread: those of the whole lane and those of one chat."""


async def of_lane(session: AsyncSession, lane: Lane) -> Tempo:
    """Return the tempo of a whole lane."""
    row = await core.fetch_one(session, _ONE, lane._asdict())
    return _tempo(row[1], row[2]) if row else Tempo()


async def locked(
    session: AsyncSession, lane: Lane, rates: Rates, now: datetime
) -> dict[str, Tempo]:
    """Return the tempo of a lane and of one chat by thread, both locked until the transaction ends."""
    found = await _both(session, lane, rates)
    missing = [thread for thread in rates if rates[thread] and thread not in found]
    if missing:
        # Without a row there is nothing to lock, and two processes would both be the first.
        rows = [_row(lane, thread, Tempo(), now) for thread in missing]
        await insert_missing(session, PaceRow, rows)
        found = await _both(session, lane, rates)
    return {thread: found.get(thread, Tempo()) for thread in rates}


async def keep(
    session: AsyncSession, lane: Lane, tempos: Mapping[str, Tempo], rates: Rates, now: datetime
) -> None:
    """Store what has changed."""
    rows = [
        _row(lane, thread, tempo, pace.idle_at(tempo, rates[thread], now))
        for thread, tempo in tempos.items()
    ]
    await save(session, PaceRow, rows, key=_KEY)


async def forget_idle(session: AsyncSession, now: datetime) -> None:
    """Drop what says nothing any more."""
    await core.run(session, _IDLE, {"now": now})


async def _both(session: AsyncSession, lane: Lane, rates: Rates) -> dict[str, Tempo]:
    chat = next((thread for thread in rates if thread != WHOLE_LANE), WHOLE_LANE)
    rows = await core.fetch(session, _BOTH, {**lane._asdict(), "chat": chat})
    return {row[0]: _tempo(row[1], row[2]) for row in rows}


def _tempo(recent: Sequence[str], paused_until: datetime | None) -> Tempo:
    return Tempo(tuple(datetime.fromisoformat(at) for at in recent), paused_until)


def _row(lane: Lane, thread: str, tempo: Tempo, idle_at: datetime) -> dict[str, object]:
    return {
        **lane._asdict(),
        "thread": thread,
        "recent": [at.isoformat() for at in tempo.recent],
        "paused_until": tempo.paused_until,
        "idle_at": idle_at,
    }
