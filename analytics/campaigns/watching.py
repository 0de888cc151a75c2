"""What people watch of campaigns: the list, a run's progress, and who of it is where.

Open pages ask all the time, so counts come from the index alone, and an answer that took long is kept for a while.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, journeys, repository
from analytics.campaigns.model import Campaign, Run, campaign, run
from analytics.campaigns.pace import Look, Pace, end_of
from analytics.campaigns.schedule import AfterEvent
from analytics.campaigns.schedule import Sequence as Steps
from analytics.campaigns.thrift import Thrift
from analytics.campaigns.watching_model import Line, Person, Progress, Waiting, person
from desk.clock import Clock
from desk.errors import NotFoundError
from desk.store.database import Database
from desk.tables.campaign import (
    OPEN,
    REACHED,
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RecipientState,
    RunState,
)
from desk.tables.contact import ContactRow

type Counts = Mapping[tuple[str, str | None], int]


class Watching:
    """Answers pages that are looked at."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pace = Pace()
        self._totals: Thrift[int, Mapping[str, int]] = Thrift(timer=timer)
        self._counts: Thrift[int, Counts] = Thrift(timer=timer)
        self._waiting: Thrift[int, Waiting] = Thrift(timer=timer)
        self._journeys: Thrift[int, Mapping[str, int]] = Thrift(timer=timer)
        self._sizes: Thrift[int, int] = Thrift(timer=timer)

    async def list(
        self, *, state: CampaignState | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[Line]:
        """Return campaigns, the newest first, those before an id."""
        query = select(CampaignRow).order_by(CampaignRow.id.desc()).limit(limit)
        if state is not None:
            query = query.where(CampaignRow.state == state)
        if before is not None:
            query = query.where(CampaignRow.id < before)
        async with self._database.read() as session:
            found = [campaign(row) for row in (await session.scalars(query)).all()]
            runs = await _runs_of(session, [one.id for one in found])
        return [await self._line(one, runs.get(one.id, 0)) for one in found]

    async def states(self) -> Mapping[CampaignState, int]:
        """Return how many campaigns stand where."""
        query = select(CampaignRow.state, func.count()).group_by(CampaignRow.state)
        async with self._database.read() as session:
            return {state: count for state, count in await session.execute(query)}  # noqa: C416 - typed rows

    async def runs(
        self, campaign_id: int, *, before: int | None = None, limit: int = 20
    ) -> Sequence[Run]:
        """Return the runs of a campaign with their counts, the newest first, those before an id."""
        query = select(CampaignRunRow).where(CampaignRunRow.campaign_id == campaign_id)
        if before is not None:
            query = query.where(CampaignRunRow.id < before)
        async with self._database.read() as session:
            rows = (
                await session.scalars(query.order_by(CampaignRunRow.id.desc()).limit(limit))
            ).all()
        return [run(row, await self._of_run(row.id)) for row in rows]

    async def times(self, campaign_id: int, *, limit: int = 50) -> Sequence[tuple[int, datetime]]:
        """Return the last runs of a campaign by their ids, with the time when each was due."""
        query = select(CampaignRunRow.id, CampaignRunRow.due_at)
        query = query.where(CampaignRunRow.campaign_id == campaign_id)
        async with self._database.read() as session:
            rows = await session.execute(query.order_by(CampaignRunRow.id.desc()).limit(limit))
        return [(run_id, due_at) for run_id, due_at in rows]

    async def progress(self, campaign_id: int, run_id: int | None = None) -> Progress | None:
        """Return where a run stands, the last one unless it is named; None when there is none."""
        query = select(CampaignRunRow).where(CampaignRunRow.campaign_id == campaign_id)
        if run_id is not None:
            query = query.where(CampaignRunRow.id == run_id)
        async with self._database.read() as session:
            row = await session.scalar(query.order_by(CampaignRunRow.id.desc()).limit(1))
        if row is None and run_id is not None:
            raise NotFoundError(f"There is no run {run_id} of this campaign.")
        return None if row is None else await self._progress(row)

    async def people(
        self,
        campaign_id: int,
        run_id: int,
        state: RecipientState,
        *,
        reason: str | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> Sequence[Person]:
        """Return the recipients of a run who stand somewhere, maybe for one reason, in the order of their rows."""
        one = CampaignRecipientRow
        where: list[ColumnElement[bool]] = [
            CampaignRunRow.campaign_id == campaign_id,
            one.run_id == run_id,
            one.state == state,
            one.id > after,
        ]
        if reason is not None:
            where.append(func.coalesce(one.reason, "") == reason)
        query = (
            select(one, ContactRow.id, ContactRow.name)
            .join(CampaignRunRow, CampaignRunRow.id == one.run_id)
            .outerjoin(ContactRow, ContactRow.id == one.contact_id)
            .where(*where)
            .order_by(one.id)
            .limit(limit)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return [person(row, contact_id, name) for row, contact_id, name in rows]

    async def size(self, one: Campaign) -> int:
        """Return how many belong to a campaign's segment now."""
        segment_id = one.plan.segment_id

        async def count() -> int:
            async with self._database.read() as session:
                return await audience.size(session, segment_id)

        return await self._sizes.get(segment_id, count)

    async def journeys(self, one: Campaign) -> Mapping[str, int]:
        """Return how many are where on their way through a campaign that follows each of them; nothing of others."""
        if not isinstance(one.plan.schedule, AfterEvent | Steps):
            return {}

        async def count() -> Mapping[str, int]:
            async with self._database.read() as session:
                return await journeys.counts(session, one.id)

        return await self._journeys.get(one.id, count)

    async def _line(self, one: Campaign, runs: int) -> Line:
        counts = await self._totals.get(one.id, lambda: self._total(one.id)) if runs else {}
        return Line(
            campaign=one,
            runs=runs,
            audience=sum(counts.values()),
            sent=sum(counts.get(state, 0) for state in REACHED),
        )

    async def _total(self, campaign_id: int) -> Mapping[str, int]:
        query = (
            select(CampaignRecipientRow.state, func.count())
            .join(CampaignRunRow, CampaignRunRow.id == CampaignRecipientRow.run_id)
            .where(CampaignRunRow.campaign_id == campaign_id)
            .group_by(CampaignRecipientRow.state)
        )
        async with self._database.read() as session:
            return {state.value: count for state, count in await session.execute(query)}

    async def _of_run(self, run_id: int) -> Counts:
        return await self._counts.get(run_id, lambda: self._count(run_id))

    async def _count(self, run_id: int) -> Counts:
        """Count by state from the index; only of those who were skipped the rows are read, for their reasons."""
        async with self._database.read() as session:
            by_state = dict(await repository.by_state(session, run_id))
            skipped = by_state.pop(RecipientState.SKIPPED, 0)
            reasons = await repository.reasons(session, run_id) if skipped else {}
        found: dict[tuple[str, str | None], int] = {(one, None): n for one, n in by_state.items()}
        return found | {(RecipientState.SKIPPED.value, why): n for why, n in reasons.items()}

    async def _progress(self, row: CampaignRunRow) -> Progress:
        now, found = self._clock(), run(row, await self._of_run(row.id))
        left = sum(found.counts.get(state, 0) for state in OPEN)
        waiting = await self._not_due(row.id) if left else Waiting()
        going = row.state is RunState.RUNNING and bool(left)
        per_second = self._pace.see(row.id, Look(at=now, left=left)) if going else None
        if not going:
            self._pace.forget(row.id)
        average = going and per_second is None
        if average:
            per_second = _average(found, now)
        return Progress(
            run=found,
            left=left,
            reached=sum(found.counts.get(state, 0) for state in REACHED),
            waiting=waiting,
            per_second=per_second,
            average=average,
            ends_at=end_of(now, left=left, per_second=per_second, last_due=waiting.last_due),
        )

    async def _not_due(self, run_id: int) -> Waiting:
        return await self._waiting.get(run_id, lambda: self._look_ahead(run_id))

    async def _look_ahead(self, run_id: int) -> Waiting:
        query = select(func.count(), func.max(CampaignRecipientRow.not_before)).where(
            CampaignRecipientRow.run_id == run_id,
            CampaignRecipientRow.state == RecipientState.QUEUED,
            CampaignRecipientRow.not_before > self._clock(),
        )
        async with self._database.read() as session:
            later, last_due = (await session.execute(query)).one()
        return Waiting(later=later, last_due=last_due)


def _average(found: Run, now: datetime) -> float | None:
    """Return how many a second were sent since a run began; None when it has just begun."""
    if found.started_at is None:
        return None
    passed = (now - found.started_at).total_seconds()
    tried = (*REACHED, RecipientState.FAILED, RecipientState.UNKNOWN)
    done = sum(found.counts.get(state, 0) for state in tried)
    return done / passed if passed > 1 and done else None


async def _runs_of(session: AsyncSession, campaign_ids: Sequence[int]) -> Mapping[int, int]:
    query = (
        select(CampaignRunRow.campaign_id, func.count())
        .where(CampaignRunRow.campaign_id.in_(campaign_ids))
        .group_by(CampaignRunRow.campaign_id)
    )
    return {one: count for one, count in await session.execute(query)}  # noqa: C416 - typed rows
