"""What becomes of campaigns when a database was set back: they stand still until somebody confirms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import repository
from analytics.campaigns.ledger import UNSURE
from analytics.campaigns.marks import Mark, Marks
from desk import events
from desk.errors import ConflictError
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignState,
    RecipientState,
    RunState,
)
from desk.tables.origin import OriginRow

RESTORED = "the database was restored: frontdesk campaigns confirm-restore"
"""The reason of campaigns that stand still, and what to do."""
OPEN = timedelta(minutes=10)
"""For so long after its beginning any machine may take a database for its own."""
_AWAKE = (CampaignState.SCHEDULED, CampaignState.RUNNING)
_ALIVE = (*_AWAKE, CampaignState.PAUSED)


class InDoubtError(ConflictError):
    """This database was restored: let campaigns go on with frontdesk campaigns confirm-restore."""


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """How many recipients may have got their message, and which campaigns go on."""

    unknown: int
    campaigns: Sequence[str]


async def in_doubt(session: AsyncSession) -> bool:
    """Say whether no campaign is sent because the database was restored."""
    return await session.scalar(select(OriginRow.doubt)) is not None


async def unsure(session: AsyncSession, run_id: int) -> int:
    """Return of how many recipients of a run nobody knows because the database was restored."""
    query = (
        select(func.count())
        .select_from(CampaignRecipientRow)
        .where(
            CampaignRecipientRow.run_id == run_id,
            CampaignRecipientRow.state == RecipientState.UNKNOWN,
            CampaignRecipientRow.reason == UNSURE,
        )
    )
    return await session.scalar(query) or 0


async def doubt(session: AsyncSession, why: str, now: datetime) -> int:
    """Stop all campaigns; return how many. Without any nothing can be sent twice, and another life begins."""
    row = await session.get_one(OriginRow, 1, with_for_update=True)
    if row.doubt is not None:
        return 0
    alive = (
        await session.scalars(
            select(CampaignRow).where(CampaignRow.state.in_(_ALIVE)).with_for_update()
        )
    ).all()
    if not alive:
        _begin_anew(row, now)
        return 0
    row.doubt = why
    awake = [one for one in alive if one.state in _AWAKE]
    for one in awake:
        await repository.turn(session, one.id, (RunState.RUNNING,), RunState.PAUSED)
        one.state, one.reason = CampaignState.PAUSED, RESTORED
    data = {"why": why, "campaigns": [one.id for one in awake]}
    events.append(session, Event(name="campaigns.doubted", occurred_at=now, data=data))
    return len(awake)


async def confirm(
    database: Database, marks: Marks, now: datetime, *, by: str, is_copy: bool = True
) -> Confirmed:
    """Let campaigns go on, also from this machine. What was due by now is unknown, unless this is no copy.

    Raises:
        ConflictError: nothing stands still.
    """
    async with database.write() as session:
        row = await session.get(OriginRow, 1, with_for_update=True)
        if row is None or row.doubt is None:
            raise ConflictError("This database is known; no campaign waits for this.")
        unknown = await _unsure(session, now) if is_copy else 0
        if is_copy:
            row.unsure_to = now
        _begin_anew(row, now)
        names = await _resumed(session)
        data = {"by": by, "unknown": unknown, "copy": is_copy, "campaigns": names}
        events.append(session, Event(name="campaigns.confirmed", occurred_at=now, data=data))
    marks.write(row.name, Mark())
    return Confirmed(unknown=unknown, campaigns=names)


def _begin_anew(row: OriginRow, now: datetime) -> None:
    row.name, row.beat, row.doubt = new_id(), 0, None
    row.open_until = now + OPEN


async def _unsure(session: AsyncSession, now: datetime) -> int:
    """Mark who may have got their message; return how many. What is due later cannot have been sent."""
    ready = (RecipientState.QUEUED, RecipientState.CLAIMED)
    done = await session.execute(
        update(CampaignRecipientRow)
        .where(
            or_(
                and_(
                    CampaignRecipientRow.state.in_(ready), CampaignRecipientRow.not_before <= now
                ),
                CampaignRecipientRow.state.in_((RecipientState.SENDING, RecipientState.HELD)),
            )
        )
        .values(state=RecipientState.UNKNOWN, reason=UNSURE, token=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


async def _resumed(session: AsyncSession) -> list[str]:
    rows = (
        await session.scalars(
            select(CampaignRow)
            .where(CampaignRow.state == CampaignState.PAUSED, CampaignRow.reason == RESTORED)
            .order_by(CampaignRow.id)
            .with_for_update()
        )
    ).all()
    for one in rows:
        await repository.turn(session, one.id, (RunState.PAUSED,), RunState.RUNNING)
        begun = await repository.under_way(session, one.id)
        one.state = CampaignState.RUNNING if begun else CampaignState.SCHEDULED
        one.reason = None
    return [one.name for one in rows]
