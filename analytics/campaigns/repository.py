"""Questions about campaigns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import NotFoundError
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RecipientState,
    RunState,
)

_UNDER_WAY = (RunState.PLANNING, RunState.RUNNING, RunState.PAUSED)
AWAKE = (CampaignState.SCHEDULED, CampaignState.RUNNING)
"""Their occurrences begin when they are due."""


async def locked(session: AsyncSession, campaign_id: int) -> CampaignRow:
    """Return a campaign, locked until the transaction ends; raises NotFoundError."""
    query = select(CampaignRow).where(CampaignRow.id == campaign_id).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise NotFoundError(f"There is no campaign {campaign_id}.")
    return found


async def seen(session: AsyncSession, campaign_id: int) -> CampaignRow:
    """Return a campaign to look at; raises NotFoundError."""
    found = await session.get(CampaignRow, campaign_id)
    if found is None:
        raise NotFoundError(f"There is no campaign {campaign_id}.")
    return found


async def listing(session: AsyncSession, *, limit: int) -> Sequence[CampaignRow]:
    """Return campaigns, the newest first."""
    query = select(CampaignRow).order_by(CampaignRow.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def due(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Return the campaigns of which an occurrence is due."""
    query = select(CampaignRow.id).where(CampaignRow.wake_at <= now, CampaignRow.state.in_(AWAKE))
    return (await session.scalars(query.order_by(CampaignRow.wake_at))).all()


async def runs(
    session: AsyncSession, campaign_id: int, *, limit: int | None = None
) -> Sequence[CampaignRunRow]:
    """Return the runs of a campaign, the newest first."""
    query = select(CampaignRunRow).where(CampaignRunRow.campaign_id == campaign_id)
    return (await session.scalars(query.order_by(CampaignRunRow.id.desc()).limit(limit))).all()


async def in_state(session: AsyncSession, *states: RunState) -> Sequence[CampaignRunRow]:
    """Return the runs of all campaigns that stand there."""
    query = select(CampaignRunRow).where(CampaignRunRow.state.in_(states))
    return (await session.scalars(query.order_by(CampaignRunRow.id))).all()


async def under_way(session: AsyncSession, campaign_id: int) -> bool:
    """Say whether a campaign has a run that has not ended."""
    query = select(CampaignRunRow.id).where(
        CampaignRunRow.campaign_id == campaign_id, CampaignRunRow.state.in_(_UNDER_WAY)
    )
    return await session.scalar(query.limit(1)) is not None


async def turn(
    session: AsyncSession, campaign_id: int, before: Sequence[RunState], after: RunState
) -> None:
    """Move the runs of a campaign from one of some states to another."""
    await session.execute(
        update(CampaignRunRow)
        .where(CampaignRunRow.campaign_id == campaign_id, CampaignRunRow.state.in_(before))
        .values(state=after)
    )


async def counts(session: AsyncSession, run_id: int) -> Mapping[tuple[str, str | None], int]:
    """Return how many recipients of a run stand where, skipped ones by their reason."""
    is_skipped = CampaignRecipientRow.state == RecipientState.SKIPPED
    reason = case((is_skipped, CampaignRecipientRow.reason))
    rows = await session.execute(
        select(CampaignRecipientRow.state, reason, func.count())
        .where(CampaignRecipientRow.run_id == run_id)
        .group_by(CampaignRecipientRow.state, reason)
    )
    return {(state.value, why): count for state, why, count in rows}


async def by_state(session: AsyncSession, run_id: int) -> Mapping[str, int]:
    """Return how many recipients of a run have which state: from the index alone, as it is asked every second."""
    rows = await session.execute(
        select(CampaignRecipientRow.state, func.count())
        .where(CampaignRecipientRow.run_id == run_id)
        .group_by(CampaignRecipientRow.state)
    )
    return {state.value: count for state, count in rows}


async def reasons(session: AsyncSession, run_id: int) -> Mapping[str | None, int]:
    """Return why recipients of a run were skipped, and how many for each reason."""
    rows = await session.execute(
        select(CampaignRecipientRow.reason, func.count())
        .where(
            CampaignRecipientRow.run_id == run_id,
            CampaignRecipientRow.state == RecipientState.SKIPPED,
        )
        .group_by(CampaignRecipientRow.reason)
    )
    return {row[0]: row[1] for row in rows}


async def skip_waiting(session: AsyncSession, run_id: int, reason: str) -> int:
    """Let nobody wait any more in a run; return how many did."""
    waiting = (RecipientState.QUEUED, RecipientState.HELD, RecipientState.CLAIMED)
    done = await session.execute(
        update(CampaignRecipientRow)
        .where(CampaignRecipientRow.run_id == run_id, CampaignRecipientRow.state.in_(waiting))
        .values(state=RecipientState.SKIPPED, reason=reason, token=None, lease_until=None)
    )
    return done.rowcount  # type: ignore[attr-defined, no-any-return]
