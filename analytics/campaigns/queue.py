"""Who is due: the lanes that have something to send, and the rows that a hand claims of one.

Run by run, each by the index of those who wait: a million who wait for tomorrow, or in a run that stands still, are
never looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns.guards import moment
from analytics.campaigns.ledger import (
    EVER,
    ITS_RUN_GOES_ON,
    LEASE,
    ONE,
    RUN,
    SELECTED,
    UNSURE,
    Recipient,
    is_state,
)
from desk.ids import new_id
from desk.outbox.repository import Lane
from desk.store import core
from desk.tables.campaign import RecipientState, RunState

_RUNNING = select(RUN.c.id).where(RUN.c.state == RunState.RUNNING).order_by(RUN.c.id)
_LANE = (ONE.c.channel, ONE.c.account)
_QUEUED = and_(is_state(RecipientState.QUEUED), ONE.c.run_id == bindparam("run"))
_LANE_AFTER = (
    select(*_LANE)
    .where(_QUEUED, tuple_(*_LANE) > tuple_(bindparam("lane_channel"), bindparam("lane_account")))
    .order_by(*_LANE)
    .limit(1)
)
_ON_LANE = and_(
    _QUEUED,
    ONE.c.channel == bindparam("lane_channel"),
    ONE.c.account == bindparam("lane_account"),
)
_LONGEST_DUE = (
    select(ONE.c.not_before)
    .where(_ON_LANE, ONE.c.not_before <= moment("now"), ONE.c.not_before > moment("after"))
    .order_by(ONE.c.not_before)
    .limit(1)
)
_DUE = (
    select(ONE.c.id)
    .where(
        _ON_LANE,
        ONE.c.not_before <= moment("now"),
        ONE.c.not_before > moment("after"),
        ITS_RUN_GOES_ON,
    )
    .order_by(ONE.c.not_before, ONE.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DOUBT = (
    update(ONE)
    .where(_ON_LANE, ONE.c.not_before <= moment("after"))
    .values(state=RecipientState.UNKNOWN, reason=bindparam("why"))
)
_CLAIM = (
    update(ONE)
    .where(ONE.c.id.in_(_DUE))
    .values(state=RecipientState.CLAIMED, token=bindparam("hand"), lease_until=moment("until"))
    .returning(*SELECTED)
)


async def lanes(session: AsyncSession, now: datetime) -> list[Lane]:
    """Return the lanes in which campaign messages are due, whatever waits behind them or in runs that stand still."""
    found: list[Lane] = []
    for (run,) in await core.fetch(session, _RUNNING, {}):
        last = Lane("", "")
        while row := await core.fetch_one(session, _LANE_AFTER, _of(run, last)):
            last = Lane(*row)
            if last not in found and await _longest_due(session, run, last, now) is not None:
                found.append(last)
    return found


async def claim(
    session: AsyncSession,
    lane: Lane,
    *,
    most: int,
    now: datetime,
    lease: timedelta = LEASE,
    after: datetime = EVER,
) -> tuple[str, Sequence[Recipient]]:
    """Take up to ``most`` due rows of a lane, first of the run in which one is due for longest.

    Return the hand's token and them. What was due up to ``after`` is unknown: it may have been sent before this
    database was restored.
    """
    hand = new_id()
    due: list[tuple[datetime, int]] = []
    for (run,) in await core.fetch(session, _RUNNING, {}):
        if after != EVER:
            await core.run(session, _DOUBT, {**_of(run, lane), "after": after, "why": UNSURE})
        since = await _longest_due(session, run, lane, now, after)
        if since is not None:
            due.append((since, run))
    rows: list[core.Found] = []
    where = {"now": now, "after": after, "hand": hand, "until": now + lease}
    for _, run in sorted(due):
        if len(rows) < most:
            left = {"most": most - len(rows)}
            rows += await core.fetch(session, _CLAIM, {**_of(run, lane), **where, **left})
    return hand, sorted(Recipient(*row) for row in rows)


async def _longest_due(
    session: AsyncSession, run: int, lane: Lane, now: datetime, after: datetime = EVER
) -> datetime | None:
    row = await core.fetch_one(
        session, _LONGEST_DUE, {**_of(run, lane), "now": now, "after": after}
    )
    return row[0] if row else None


def _of(run: int, lane: Lane) -> dict[str, Any]:
    return {"run": run, "lane_channel": lane.channel, "lane_account": lane.account}
