"""The winner to the rest: a test is decided once, by the row of its run, and only then the rest may be sent.

Whoever waits is ``held``: no sender takes such a row. The decision is one transaction, which writes the winner down
and says so in the log. The rest is let go page by page afterwards, each page in a transaction that looks at the winner
again; after a crash the next look goes on with whoever is still held. A run that stands still decides nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from analytics.campaigns import results_lift
from analytics.campaigns.local import zone_of
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import next_allowed
from analytics.campaigns.results_arms import Arms
from analytics.campaigns.results_checks import guarded, ratio
from analytics.campaigns.results_model import Line
from analytics.campaigns.results_rows import View, Window
from analytics.campaigns.winning_choice import Standing, choose
from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RecipientState, RunState

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
"""How often a test is looked at; the figures cost something, and stay true however often they are asked."""
_PAGE = 2_000
_PAGES = 20
"""How many are let go before others are looked at again."""
_ONE = CampaignRecipientRow


class Winning:
    """Decides tests, and lets the rest go."""

    def __init__(
        self, database: Database, clock: Clock, *, page: int = _PAGE, every: timedelta = EVERY
    ) -> None:
        self._database = database
        self._clock = clock
        self._page = page
        self._every = every
        self._looked: dict[int, datetime] = {}

    async def step(self, running: Sequence[CampaignRunRow]) -> None:
        """Look at the runs that have a test."""
        for row in running:
            if row.plan.get("winner") is not None:
                await self._look(row.id, plans.read(row.plan))

    async def _look(self, run_id: int, plan: Plan) -> None:
        row = await self._begun(run_id)
        if row is None:
            return
        if row.winner is None and self._is_time(row):
            self._looked[run_id] = self._clock()
            row = await self._decided(row, plan)
        if row.winner is not None:
            self._looked.pop(run_id, None)
            await self._let_go(run_id, plan)

    def _is_time(self, row: CampaignRunRow) -> bool:
        now, last = self._clock(), self._looked.get(row.id)
        is_over = row.decide_at is not None and now >= row.decide_at
        return is_over or last is None or now - last >= self._every

    async def _begun(self, run_id: int) -> CampaignRunRow | None:
        """Return a run, with the time when it is decided at the latest; None when it does not go on."""
        async with self._database.read() as session:
            row = await session.get_one(CampaignRunRow, run_id)
        if row.decide_at is not None or row.state is not RunState.RUNNING:
            return row if row.state is RunState.RUNNING else None
        async with self._database.write() as session:
            locked = await _running(session, run_id)
            if locked is None:
                return None
            wait = plans.read(locked.plan).winner
            last = await session.scalar(
                select(func.max(_ONE.due_at)).where(_ONE.run_id == run_id, ~_ONE.rest)
            )
            if wait is not None and locked.decide_at is None:
                locked.decide_at = (last or locked.due_at) + wait.decide_after
            return locked

    async def _decided(self, row: CampaignRunRow, plan: Plan) -> CampaignRunRow:
        """Decide if it can be; return the run as it is then."""
        now = self._clock()
        async with self._database.read() as session:
            standing = await _standing(session, row, plan, now)
        is_over = row.decide_at is not None and now >= row.decide_at
        chosen = choose(standing, is_over=is_over)
        if chosen is None:
            return row
        async with self._database.write() as session:
            locked = await _running(session, row.id)
            if locked is None or locked.winner is not None:
                return locked or row
            locked.winner, locked.decided_at = chosen.variant, now
            locked.decision = {"why": chosen.why, **standing.figures}
            self._log(session, locked, now)
        log.info("campaign_winner_chosen", run_id=row.id, variant=chosen.variant, why=chosen.why)
        return locked

    def _log(self, session: AsyncSession, row: CampaignRunRow, now: datetime) -> None:
        data = {"campaign_id": row.campaign_id, "run_id": row.id, "variant": row.winner}
        why = (row.decision or {})["why"]
        name = "campaign.winner_chosen"
        events.append(session, Event(name=name, occurred_at=now, data={**data, "why": why}))

    async def _let_go(self, run_id: int, plan: Plan) -> None:
        """Give those who wait the winner, and a time; what is late by then the fence leaves out."""
        for _ in range(_PAGES):
            async with self._database.write() as session:
                row = await _running(session, run_id)
                if row is None or row.winner is None:
                    return
                if not await _page(session, row, plan, self._page):
                    return


async def _standing(
    session: AsyncSession, row: CampaignRunRow, plan: Plan, now: datetime
) -> Standing:
    if plan.winner is None:
        raise ValueError("this plan has no test")
    arms = Arms(session, row, plan, now)
    lines: Sequence[Line] = await arms.lines()
    names = [one.name for one in plan.variants]
    drawn = await results_lift.draw(session, Window([row.id], (), plan.goal.within, View.DRAWN))
    found = ratio(drawn, plan.split(row.campaign_id), plan.winner)
    return Standing(
        winner=plan.winner,
        variants=names,
        sent={one.key: one.counts.sent for one in lines},
        hits=await arms.successes(plan.winner.by),
        ratio_p=1.0 if found is None else found,
        guarded=guarded(names, lines),
        planned=sum(drawn.size(name) for name in names),
    )


async def _running(session: AsyncSession, run_id: int) -> CampaignRunRow | None:
    """Return a run that goes on, locked."""
    query = select(CampaignRunRow).where(
        CampaignRunRow.id == run_id, CampaignRunRow.state == RunState.RUNNING
    )
    return await session.scalar(query.with_for_update())


async def _page(session: AsyncSession, row: CampaignRunRow, plan: Plan, most: int) -> int:
    """Let some of those who wait go; return how many."""
    query = (
        select(_ONE.id, _ONE.zone, _ONE.due_at)
        .where(_ONE.run_id == row.id, _ONE.state == RecipientState.HELD)
        .limit(most)
    )
    by_time: defaultdict[datetime, list[int]] = defaultdict(list)
    for one, zone, due in await session.execute(query):
        by_time[_time(row, plan, zone, due)].append(one)
    for at, ids in by_time.items():
        await session.execute(
            update(_ONE)
            .where(_ONE.id.in_(ids), _ONE.state == RecipientState.HELD)
            .values(
                state=RecipientState.QUEUED,
                variant=row.winner,
                not_before=at,
                not_after=at + plan.late,
            )
        )
    return sum(map(len, by_time.values()))


def _time(row: CampaignRunRow, plan: Plan, zone: str, due: datetime | None) -> datetime:
    """Return when one of the rest is due: not before it was decided, nor before the time they would have had."""
    decided = row.decided_at or row.due_at
    at = min(decided, row.decide_at or decided)
    if due is not None and due >= at:
        return due
    return next_allowed(at, zone_of(zone), plan.quiet) if plan.quiet else at
