"""Does what is due about campaigns: begins occurrences, writes audiences down, ends runs, pulls the brake.

The rows are the schedule. Any number of processes may do this, be killed, or come back late: an occurrence has one
row by its key, an audience is written a page at a time under a claim, and everything else is a change of state.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, journeys, local, plan, repository, restoring, saying
from analytics.campaigns.audience import Whole
from analytics.campaigns.following import Following
from analytics.campaigns.halting import Halting
from analytics.campaigns.occurrences import (
    Occurrence,
    due_at,
    is_late,
    last_due,
    next_occurrence,
)
from analytics.campaigns.ranking_freeze import Ranks
from analytics.campaigns.schedule import Sequence as Steps
from analytics.campaigns.winning import Winning
from desk import events
from desk.clock import Clock
from desk.contacts.suppressing import Suppressions
from desk.events import Event
from desk.ids import new_id
from desk.store import bulk
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.campaign import (
    OPEN,
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RunState,
)

log = structlog.get_logger()

_POLL = 1.0
_LEASE = timedelta(seconds=60)
MISSED = "missed"


@dataclass(frozen=True, kw_only=True)
class Brake:
    """When a run is stopped by itself: so large a share of at least so many sends was refused or is unknown."""

    least: int = 50
    share: float = 0.2

    def pulls(self, counts: Mapping[str, int]) -> bool:
        """Say whether it is time to stop."""
        bad = counts.get("failed", 0) + counts.get("unknown", 0)
        tried = bad + sum(counts.get(state, 0) for state in ("sent", "delivered", "read"))
        return tried >= self.least and bad > tried * self.share


class Wake:
    """Moves campaigns on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        suppressions: Suppressions,
        *,
        brake: Brake = Brake(),
        page: int = audience.PAGE,
        ranks: Ranks | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._suppressions = suppressions
        self._brake = brake
        self._page = page
        self._ranks = ranks
        self._following = Following(database, clock, suppressions, self._ended, page=page)
        self._winning = Winning(database, clock, page=page)
        self._halting = Halting(database, clock)

    async def run(self) -> None:
        """Look every second, for ever."""
        while True:
            try:
                await self.step()
            except Exception:
                log.exception("campaign_wake_failed")
            await asyncio.sleep(_POLL)

    async def step(self) -> None:
        """Do what is due now."""
        async with self._database.read() as session:
            due = await repository.due(session, self._clock())
        for campaign_id in due:
            await self._begin(campaign_id)
        async with self._database.read() as session:
            planning = await repository.in_state(session, RunState.PLANNING)
        for row in planning:
            if row.plan.get("rank") is None or (self._ranks and await self._ranks.ready(row.id)):
                await self._plan(row.id)
        await self._following.step()
        async with self._database.read() as session:
            running = await repository.in_state(session, RunState.RUNNING)
        await self._halting.step(running)
        await self._winning.step(running)
        for row in running:
            await self._watch(row.id)

    async def _begin(self, campaign_id: int) -> None:
        """Write the due occurrence down, and when the next one is due."""
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.locked(session, campaign_id)
            if row.wake_at is None or row.wake_at > now or row.state not in repository.AWAKE:
                return
            decided = plan.read(row.plan)
            one = next_occurrence(decided.schedule, row.wake_at - timedelta(microseconds=1))
            if one is None:
                row.wake_at = row.watches = None
                await self._ended(session, row)
                return
            late = is_late(last_due(decided.schedule, one), now, decided.late)
            values = {
                "campaign_id": campaign_id,
                "occurrence": saying.first_key(decided.schedule, one),
                "state": RunState.FINISHED if late else RunState.PLANNING,
                "plan": row.plan,
                "due_at": one.at,
                "planned_to": "",
                "audience": 0,
                "created_at": now,
                "finished_at": now if late else None,
            }
            key = ["campaign_id", "occurrence"]
            if await insert_new(session, CampaignRunRow, values, unique=key):
                self._log(session, campaign_id, MISSED if late else "begun", occurrence=one.key)
            following = next_occurrence(decided.schedule, one.at)
            row.wake_at = following.at if following else None
            row.state = CampaignState.RUNNING
            await self._ended(session, row)

    async def _plan(self, run_id: int) -> None:
        """Write the audience of a run down, page by page, unless somebody else is at it."""
        claim = new_id()
        while True:
            now = self._clock()
            async with self._database.write() as session:
                row = await self._mine(session, run_id, claim, now)
                if row is None:
                    return
                whole = Whole(
                    run_id=run_id,
                    campaign_id=row.campaign_id,
                    plan=plan.read(row.plan),
                    occurrence=Occurrence(row.occurrence, row.due_at),
                )
                persons = await audience.page(
                    session, whole.plan.segment_id, after=row.planned_to, most=self._page
                )
                if persons:
                    await self._write(session, row, whole, persons)
                    row.planned_to = persons[-1]
                    continue
                await bulk.count_anew(session, row.audience, CampaignRecipientRow)
                campaign = await repository.locked(session, row.campaign_id)
                paused = campaign.state is CampaignState.PAUSED
                row.state = RunState.PAUSED if paused else RunState.RUNNING
                row.started_at, row.claim, row.claimed_until = now, None, None
                self._log(session, row.campaign_id, "planned", run_id=run_id, people=row.audience)
                return

    async def _write(
        self, session: AsyncSession, row: CampaignRunRow, whole: Whole, persons: Sequence[str]
    ) -> None:
        """Write a page of people down: their rows, or that they begin a sequence."""
        if isinstance(whole.plan.schedule, Steps):
            begun = Occurrence(saying.base_of(row.occurrence), row.due_at)
            # The first on earth is due then; of the others each is told when somebody looks.
            due = due_at(whole.plan.schedule, begun, local.FIRST)
            await journeys.begin(session, row.campaign_id, begun, persons, due)
            return
        row.audience += await audience.write(
            session, whole, persons, self._clock(), self._suppressions
        )

    async def _mine(
        self, session: AsyncSession, run_id: int, claim: str, now: datetime
    ) -> CampaignRunRow | None:
        """Return a run that is to be planned, locked and ours; None when it is not, or is somebody else's."""
        row = await session.scalar(
            select(CampaignRunRow).where(CampaignRunRow.id == run_id).with_for_update()
        )
        if row is None or row.state is not RunState.PLANNING:
            return None
        if row.claim not in (None, claim) and row.claimed_until and row.claimed_until > now:
            return None
        row.claim, row.claimed_until = claim, now + _LEASE
        return row

    async def _watch(self, run_id: int) -> None:
        """End a run in which nobody waits any more, and stop one that goes wrong."""
        async with self._database.read() as session:
            row = await session.get_one(CampaignRunRow, run_id)
            counts = await repository.by_state(session, run_id)
            fills = await saying.fills(session, row, self._clock())
            is_open = fills or any(counts.get(state) for state in OPEN)
            pulled = is_open and self._brake.pulls(counts)
            if pulled:
                # Whom nobody knows of because the database was restored says nothing about this run.
                unsure = await restoring.unsure(session, run_id)
                pulled = self._brake.pulls(
                    {**counts, "unknown": counts.get("unknown", 0) - unsure}
                )
        if is_open and not pulled:
            return
        async with self._database.write() as session:
            campaign = await repository.locked(session, row.campaign_id)
            now_row = await session.get_one(CampaignRunRow, run_id, with_for_update=True)
            if now_row.state is not RunState.RUNNING:
                return
            if pulled:
                going = (RunState.RUNNING,)
                await repository.turn(session, campaign.id, going, RunState.PAUSED)
                campaign.state, campaign.reason = CampaignState.PAUSED, "too many errors"
                self._log(session, campaign.id, "braked", run_id=run_id, **counts)
                return
            now_row.state, now_row.finished_at = RunState.FINISHED, self._clock()
            self._log(session, campaign.id, "run_finished", run_id=run_id, **counts)
            await session.flush()
            await self._ended(session, campaign)

    async def _ended(self, session: AsyncSession, row: CampaignRow) -> None:
        """End a campaign that has nothing before it any more."""
        if not await journeys.goes_on(session, row):
            row.state = CampaignState.FINISHED
            self._log(session, row.id, "finished")

    def _log(self, session: AsyncSession, campaign_id: int, what: str, **data: object) -> None:
        data = {"campaign_id": campaign_id, **data}
        event = Event(name=f"campaign.{what}", occurred_at=self._clock(), data=data)
        events.append(session, event)
