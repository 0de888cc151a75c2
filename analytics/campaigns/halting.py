"""Stops a run that does harm: when it is proved that more people opt out, complain or need somebody than it may be.

The proof is good at every look, so looking often costs no false alarm. Each reason stops a run once: who lets it go
on after that has decided about it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from analytics.campaigns import repository
from analytics.campaigns.aims import Stops
from analytics.campaigns.plan import Plan
from analytics.campaigns.results_arms import Arms
from analytics.campaigns.results_model import Counts
from analytics.experiments.guardrails import beyond
from analytics.experiments.several import bonferroni
from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRunRow, CampaignState, RunState

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
_ALPHA = 0.05
HARMS = {
    "opted_out": "opted out",
    "complained": "complained",
    "handed_over": "were handed to people of ours",
}


class Halting:
    """Looks at runs that are under way, and pauses those that do harm."""

    def __init__(self, database: Database, clock: Clock, *, every: timedelta = EVERY) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._looked: dict[int, datetime] = {}

    async def step(self, running: Sequence[CampaignRunRow]) -> None:
        """Look at runs that have not been looked at for a while."""
        now = self._clock()
        self._looked = {one.id: self._looked[one.id] for one in running if one.id in self._looked}
        for row in running:
            if now - self._looked.get(row.id, now - self._every) >= self._every:
                self._looked[row.id] = now
                await self._look(row, plans.read(row.plan), now)

    async def _look(self, row: CampaignRunRow, plan: Plan, now: datetime) -> None:
        async with self._database.read() as session:
            lines = await Arms(session, row, plan, now).lines()
        total = sum((one.counts for one in lines), Counts())
        name = harm(total, plan.stops, told=(row.halted or "").split(","))
        if name is not None:
            async with self._database.write() as session:
                await self._halt(session, row.id, name, total)

    async def _halt(self, session: AsyncSession, run_id: int, name: str, total: Counts) -> None:
        found = await session.get_one(CampaignRunRow, run_id)
        campaign = await repository.locked(session, found.campaign_id)
        row = await session.get_one(
            CampaignRunRow, run_id, with_for_update=True, populate_existing=True
        )
        told = [one for one in (row.halted or "").split(",") if one]
        if row.state is not RunState.RUNNING or name in told:
            return
        row.halted = ",".join([*told, name])
        await session.flush()
        await repository.turn(session, campaign.id, (RunState.RUNNING,), RunState.PAUSED)
        count = getattr(total, name)
        campaign.state = CampaignState.PAUSED
        campaign.reason = f"{count} of {total.sent} people {HARMS[name]}: more than it may be"
        data = {"campaign_id": campaign.id, "run_id": run_id, "why": name}
        data |= {"people": count, "sent": total.sent}
        event = Event(name="campaign.braked", occurred_at=self._clock(), data=data)
        events.append(session, event)
        log.warning("campaign_halted", campaign_id=campaign.id, run_id=run_id, why=name)


def harm(total: Counts, stops: Stops, *, told: Sequence[str] = ()) -> str | None:
    """Return what is proved to happen to more people than it may; None: nothing is, or it was told already."""
    bounds = {name: getattr(stops, name) for name in HARMS}
    alpha = bonferroni(_ALPHA, len(bounds))
    for name, bound in bounds.items():
        if bound is None or name in told or not total.sent:
            continue
        if float(beyond(getattr(total, name), total.sent, bound)) <= alpha:
            return name
    return None
