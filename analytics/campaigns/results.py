"""What came of campaigns: added up by the database when it is asked, so that nothing can be out of date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from analytics.campaigns import repository, results_cells, results_lift, results_rows
from analytics.campaigns import results_sources as sources
from analytics.campaigns.plan import Plan
from analytics.campaigns.results_checks import guarded, ratio
from analytics.campaigns.results_lift import Draw
from analytics.campaigns.results_model import (
    Added,
    By,
    Findings,
    Lift,
    MoneyLift,
    TestState,
    WinnerShown,
)
from analytics.campaigns.results_rows import View, Window
from analytics.campaigns.results_sources import Stretch
from analytics.campaigns.sequence import is_later_step
from analytics.experiments.ratio import is_sound
from analytics.reports.business import at as at_ms
from desk.clock import Clock
from desk.errors import NotFoundError
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow, RecipientState
from desk.tables.journey import ORDER
from desk.tables.metrics import MetricProgressRow

_FEWEST, _MOST = 2, 10


@dataclass(frozen=True)
class _Asked:
    """The runs that are asked about, with the plan by which they went out, and the time that matters."""

    plan: Plan
    runs: Sequence[CampaignRunRow]
    rivals: Sequence[int]
    when: Stretch
    now: datetime

    def window(self, view: View) -> Window:
        """Return which rows count, and from when."""
        ids = [one.id for one in self.runs]
        return Window(ids, self.rivals, self.plan.goal.within, view)


class Results:
    """Says what came of campaigns."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, campaign_id: int, run_id: int | None = None) -> Findings:
        """Return what came of a campaign, or of one of its runs; raises NotFoundError."""
        async with self._database.read() as session:
            row = await repository.seen(session, campaign_id)
            asked = await _asked(session, row, run_id, self._clock())
            return await _found(session, row, run_id, asked)

    async def compare(self, campaign_ids: Sequence[int]) -> Sequence[Findings]:
        """Return the same of several campaigns, to stand side by side; raises NotFoundError."""
        return [await self.of(one) for one in dict.fromkeys(campaign_ids)]


async def _asked(
    session: AsyncSession, row: CampaignRow, run_id: int | None, now: datetime
) -> _Asked:
    every = await repository.runs(session, row.id)
    chosen = [one for one in every if run_id in (None, one.id)]
    if run_id is not None and not chosen:
        raise NotFoundError(f"Campaign {row.id} has no run {run_id}.")
    plan = plans.read(chosen[0].plan if chosen else row.plan)
    when = await _stretch(session, [one.id for one in chosen], plan.goal.within, now)
    # What was bought after a later message belongs to that one.
    rivals = [
        one.id
        for one in every
        if run_id is not None and one.id != run_id and chosen[0].due_at <= one.due_at < when.until
    ]
    return _Asked(plan, chosen, rivals, when, now)


async def _stretch(
    session: AsyncSession, runs: Sequence[int], within: timedelta, now: datetime
) -> Stretch:
    row = CampaignRecipientRow
    ends = (
        func.min(row.due_at),
        func.min(row.sent_at),
        func.max(row.due_at),
        func.max(row.sent_at),
    )
    found = (await session.execute(select(*ends).where(row.run_id.in_(runs)))).one()
    first = min((one for one in found[:2] if one), default=now)
    last = max((one for one in found[2:] if one), default=now)
    return Stretch(first, last + within)


async def _found(
    session: AsyncSession, row: CampaignRow, run_id: int | None, asked: _Asked
) -> Findings:
    plan, sent, drawn = asked.plan, asked.window(View.SENT), asked.window(View.DRAWN)
    sums = results_cells.Sums({one.id: one.occurrence for one in asked.runs})
    await results_cells.states(session, sent, sums, asked.now, plan.goal.within)
    await results_cells.doings(session, sent, sums, plan.goal, plan.purpose, asked.when)
    await results_cells.money(session, sent, sums, plan.goal)
    draw = await results_lift.draw(session, drawn)
    lifts, money, caused = await _lifts(session, drawn, draw, asked)
    total, by = sums.total(), {one: sums.lines(one) for one in By}
    ratio_p = ratio(draw, plan.split(row.id), plan.winner)
    return Findings(
        campaign_id=row.id,
        name=row.name,
        segment_id=plan.segment_id,
        run_id=run_id,
        computed_at=asked.now,
        goal=plan.goal.event,
        within=plan.goal.within,
        total=total,
        by=by,
        lifts=lifts,
        money=money,
        load=results_lift.load_of(total.minutes, total.handoffs, total.sent, caused),
        guarded=guarded([one.name for one in plan.variants], by[By.VARIANT]),
        ratio_p=ratio_p,
        sound=ratio_p is None or is_sound(ratio_p),
        support_as_of=await _support_as_of(session),
        winners=await _winners(session, asked.runs),
        later_step=run_id is not None and is_later_step(asked.runs[0].occurrence),
    )


async def _lifts(
    session: AsyncSession, window: Window, draw: Draw, asked: _Asked
) -> tuple[tuple[Lift, ...], tuple[MoneyLift, ...], tuple[Added | None, Added | None]]:
    """Return what was added to the holdout; nothing where there is none."""
    if not draw.compared:
        return (), (), (None, None)
    goal = asked.plan.goal
    lifts, money = await results_lift.revenue(session, window, draw)
    if goal.event != ORDER:
        doing = results_rows.belonging(window, sources.named(goal.event, asked.when))
        lifts = await results_lift.rates(session, window, draw, doing)
    minutes = await results_lift.load(session, window, draw, sources.handling(asked.when))
    handed = await results_lift.load(session, window, draw, sources.handoffs(asked.when))
    return lifts, money, (minutes, handed)


async def _support_as_of(session: AsyncSession) -> datetime | None:
    """Return until when the figures of people's time are known; None when nobody computes them."""
    told = await session.scalar(select(MetricProgressRow.told))
    return at_ms(told) if told else None


async def _winners(
    session: AsyncSession, runs: Sequence[CampaignRunRow]
) -> tuple[WinnerShown, ...]:
    wanted = {one.id: plan.winner for one in runs if (plan := plans.read(one.plan)).winner}
    waiting = await _waiting(session, list(wanted))
    return tuple(
        WinnerShown(
            run_id=one.id,
            occurrence=one.occurrence,
            state=TestState.OPEN if one.winner is None else TestState.DECIDED,
            by=str(winner.by),
            deadline=one.decide_at,
            variant=one.winner,
            decided_at=one.decided_at,
            why=(one.decision or {}).get("why"),
            waiting=waiting.get(one.id, 0),
        )
        for one in runs
        if (winner := wanted.get(one.id))
    )


async def _waiting(session: AsyncSession, runs: Sequence[int]) -> Mapping[int, int]:
    row = CampaignRecipientRow
    query = select(row.run_id, func.count()).where(
        row.run_id.in_(runs), row.state == RecipientState.HELD
    )
    return {found[0]: found[1] for found in await session.execute(query.group_by(row.run_id))}
