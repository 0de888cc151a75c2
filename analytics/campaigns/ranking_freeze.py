"""Decides once for a run whom its rank lets in, so that its audience is the same however often planning is cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, plan, repository
from analytics.campaigns.audience import Whole
from analytics.campaigns.occurrences import Occurrence
from analytics.campaigns.ranking import Chosen, Ranking, UnrankedError, choose
from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.store.upsert import insert_missing
from desk.tables.campaign import CampaignRunRow, CampaignState, RunState
from desk.tables.campaign_rank import CampaignChosenRow

log = structlog.get_logger()

LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class _Claim:
    """Whose turn it is to decide."""

    run_id: int
    token: str


class Ranks:
    """Freezes ranks. Any number of processes may; one does it, and one that is killed is followed by another."""

    def __init__(
        self, database: Database, clock: Clock, ranking: Ranking, *, page: int = audience.PAGE
    ) -> None:
        self._database = database
        self._clock = clock
        self._ranking = ranking
        self._page = page

    async def ready(self, run_id: int) -> bool:
        """Decide whom a run that is to be planned is narrowed to, unless that is decided; say whether it is.

        A campaign that cannot be ranked stands still with the reason: it is not sent to everybody instead.
        """
        claim = _Claim(run_id, new_id())
        async with self._database.write() as session:
            row = await self._mine(session, claim)
            if row is None:
                return False
            if row.ranked_at is not None:
                row.claim = None
                return True
            whole = _whole(row)
            await session.execute(
                delete(CampaignChosenRow).where(CampaignChosenRow.run_id == run_id)
            )
        try:
            return await self._decide(claim, whole)
        except UnrankedError as error:
            await self._stand_still(claim, str(error))
            return False

    async def _decide(self, claim: _Claim, whole: Whole) -> bool:
        pages = choose(self._database, self._ranking, whole, self._clock(), page=self._page)
        async for chosen in pages:
            if not await self._keep(claim, chosen):
                return False
        async with self._database.write() as session:
            row = await self._mine(session, claim)
            if row is not None:
                row.ranked_at, row.claim, row.claimed_until = self._clock(), None, None
            return row is not None

    async def _keep(self, claim: _Claim, chosen: Chosen) -> bool:
        """Write some of the chosen down; False when it is somebody else's turn by now."""
        async with self._database.write() as session:
            if await self._mine(session, claim) is None:
                return False
            await session.flush()
            if chosen:
                await insert_missing(session, CampaignChosenRow, _rows(claim.run_id, chosen))
            return True

    async def _mine(self, session: AsyncSession, claim: _Claim) -> CampaignRunRow | None:
        """Return a run that waits to be planned, locked and ours; None when it is not, or is somebody else's."""
        now = self._clock()
        row = await session.get(CampaignRunRow, claim.run_id, with_for_update=True)
        if row is None or row.state is not RunState.PLANNING:
            return None
        campaign = await repository.seen(session, row.campaign_id)
        if campaign.state is CampaignState.PAUSED:
            return None
        if row.claim not in (None, claim.token) and row.claimed_until and row.claimed_until > now:
            return None
        row.claim, row.claimed_until = claim.token, now + LEASE
        return row

    async def _stand_still(self, claim: _Claim, why: str) -> None:
        async with self._database.write() as session:
            row = await self._mine(session, claim)
            if row is None:
                return
            row.claim = row.claimed_until = None
            campaign = await repository.locked(session, row.campaign_id)
            campaign.state, campaign.reason = CampaignState.PAUSED, why[:300]
            data = {"campaign_id": campaign.id, "run_id": row.id, "reason": why}
            now = self._clock()
            events.append(session, Event(name="campaign.unranked", occurred_at=now, data=data))
        log.warning("campaign_unranked", run_id=claim.run_id)


def _whole(row: CampaignRunRow) -> Whole:
    return Whole(
        run_id=row.id,
        campaign_id=row.campaign_id,
        plan=plan.read(row.plan),
        occurrence=Occurrence(row.occurrence, row.due_at),
    )


def _rows(run_id: int, chosen: Chosen) -> Sequence[dict[str, object]]:
    return [{"run_id": run_id, "person_id": one, "score": score} for one, score in chosen]
