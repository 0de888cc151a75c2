"""The figures by which a run that is under way is judged: of each arm, how many did something of how many."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import results_rows as rows
from analytics.campaigns import results_sources as sources
from analytics.campaigns.aims import Success
from analytics.campaigns.plan import Plan
from analytics.campaigns.results_cells import people_of
from analytics.campaigns.results_model import Counts, Line
from analytics.campaigns.results_rows import ARM, ONE, View, Window
from analytics.campaigns.results_sources import Hits, Stretch
from desk.store import core
from desk.tables.campaign import CampaignRunRow
from desk.tables.journey import ORDER


class Arms:
    """Looks at one run: at those to whom it was sent so far."""

    def __init__(
        self, session: AsyncSession, run: CampaignRunRow, plan: Plan, now: datetime
    ) -> None:
        self._session = session
        self._plan = plan
        self._window = Window([run.id], (), plan.goal.within, View.SENT)
        self._run = run
        self._when = Stretch(min(run.due_at, run.created_at), now)

    async def sent(self) -> Mapping[str, int]:
        """Return to how many of each arm it was sent."""
        query = (
            select(ARM.label("arm"), func.count())
            .where(ONE.c.run_id == self._run.id, self._window.counted)
            .group_by(ARM)
        )
        return await self._counts(query)

    async def successes(self, by: Success) -> Mapping[str, int]:
        """Return how many of each arm did what a winner is found by."""
        goal = self._plan.goal.event
        if by is not Success.CONVERTED:
            doing = rows.naming(self._window, sources.of_message(f"campaign.{by}", self._when))
        elif goal == ORDER:
            doing = rows.bought(self._window)
        else:
            doing = rows.belonging(self._window, sources.named(goal, self._when))
        return await self._people(doing)

    async def lines(self) -> tuple[Line, ...]:
        """Return what guardrails look at, by arm."""
        opted_out = await self._belonging(sources.opt_outs(self._when, self._plan.purpose))
        complained = await self._belonging(sources.complaints(self._when))
        handed_over = await self._belonging(sources.handoffs(self._when))
        return tuple(
            Line(
                key=arm,
                counts=Counts(
                    sent=count,
                    opted_out=opted_out.get(arm, 0),
                    complained=complained.get(arm, 0),
                    handed_over=handed_over.get(arm, 0),
                ),
            )
            for arm, count in sorted((await self.sent()).items())
        )

    async def _belonging(self, hits: Hits) -> Mapping[str, int]:
        return await self._people(rows.belonging(self._window, hits))

    async def _people(self, doing: Subquery) -> Mapping[str, int]:
        each = people_of(doing)
        query = (
            select(ARM.label("arm"), func.count())
            .select_from(each)
            .join(ONE, ONE.c.id == each.c.id)
            .group_by(ARM)
        )
        return await self._counts(query)

    async def _counts(self, query: Select[str, int]) -> Mapping[str, int]:
        return {row[0]: row[1] for row in await core.fetch(self._session, query, {})}
