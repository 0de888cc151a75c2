"""What a marketer does with campaigns: write, launch, pause, go on, end, and watch."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, journeys, ranking, repository, triggers
from analytics.campaigns.model import (
    Campaign,
    ChangedError,
    FourEyesError,
    NameTakenError,
    OwnWorkError,
    Run,
    campaign,
    run,
)
from analytics.campaigns.occurrences import next_open
from analytics.campaigns.plan import Plan
from analytics.campaigns.ranking import Ranking
from analytics.campaigns.ranking_rows import leave_out
from analytics.campaigns.restoring import InDoubtError, in_doubt
from desk import events
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRow, CampaignState, RunState

FOUR_EYES_ABOVE = 10_000
CHANGEABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED)


class Campaigns:
    """Keeps campaigns; who launches one above ``four_eyes_above`` recipients needs somebody else's approval.

    Without ``ranking`` no plan with a rank can be launched. What changes something does it in the caller's transaction
    when it is given one (``within``); a launch in one needs :meth:`check_rank` before it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        four_eyes_above: int = FOUR_EYES_ABOVE,
        ranking: Ranking | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ranking = ranking
        self._four_eyes_above = four_eyes_above

    async def create(
        self, name: str, plan: Plan, *, by: str, within: AsyncSession | None = None
    ) -> Campaign:
        """Write a new campaign down; nothing is sent before it is launched."""
        now = self._clock()
        row = CampaignRow(
            name=_named(name),
            plan=plan.written(),
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
        )
        async with self._writing(within) as session:
            session.add(row)
            await _kept(session, name)
            self._log(session, row, "created", by)
        return campaign(row)

    async def change(
        self,
        campaign_id: int,
        plan: Plan,
        *,
        edition: int,
        by: str,
        name: str | None = None,
        within: AsyncSession | None = None,
    ) -> Campaign:
        """Change what is to be sent, and the name if one is given.

        What was approved or scheduled is a draft again: it is another campaign.
        """
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if row.edition != edition:
                raise ChangedError
            if row.state not in CHANGEABLE:
                raise ConflictError(f"This campaign is {row.state}; copy it to change it.")
            row.plan, row.edition = plan.written(), row.edition + 1
            row.state, row.wake_at, row.approved_by = CampaignState.DRAFT, None, None
            row.updated_at, row.updated_by = self._clock(), by
            if name is not None:
                row.name = _named(name)
                await _kept(session, name)
            self._log(session, row, "changed", by)
        return campaign(row)

    async def get(self, campaign_id: int) -> Campaign:
        """Return a campaign; raises NotFoundError."""
        async with self._database.read() as session:
            return campaign(await repository.seen(session, campaign_id))

    async def list(self, *, limit: int = 100) -> Sequence[Campaign]:
        """Return campaigns, the newest first."""
        async with self._database.read() as session:
            return [campaign(row) for row in await repository.listing(session, limit=limit)]

    async def runs(self, campaign_id: int, *, limit: int | None = None) -> Sequence[Run]:
        """Return the runs of a campaign with their counts, the newest first."""
        async with self._database.read() as session:
            return [
                run(row, await repository.counts(session, row.id))
                for row in await repository.runs(session, campaign_id, limit=limit)
            ]

    async def journeys(self, campaign_id: int) -> Mapping[str, int]:
        """Return how many are on their way in a sequence or after an event, through it, or out of it and why."""
        async with self._database.read() as session:
            return await journeys.counts(session, campaign_id)

    async def funnel(self, plan: Plan) -> Mapping[str, int]:
        """Return how many would be written to now (``queued``), and how many not, by the reason."""
        now = self._clock()
        whole = audience.tried(plan, now)
        chosen = await ranking.chosen(self._database, self._ranking, whole, now)
        found: Counter[str] = Counter()
        after = ""
        while True:
            async with self._database.read() as session:
                persons = await audience.page(session, plan.segment_id, after=after)
                if not persons:
                    return found
                rows = await audience.rows(session, whole, persons, now)
            if chosen is not None:
                leave_out(persons, rows, chosen)
            found.update(row["reason"] or str(row["state"]) for row in rows)
            after = persons[-1]

    async def check_rank(self, campaign_id: int) -> None:
        """Raise InvalidError, which says what is missing, when a campaign is to be ranked and cannot be."""
        await ranking.check(self._ranking, (await self.get(campaign_id)).plan.rank)

    def is_large(self, people: int) -> bool:
        """Say whether so many need a second pair of eyes."""
        return people > self._four_eyes_above

    async def approve(
        self,
        campaign_id: int,
        *,
        by: str,
        edition: int | None = None,
        within: AsyncSession | None = None,
    ) -> None:
        """Be the second pair of eyes; raises ForbiddenError for who wrote it.

        With ``edition`` only what was seen is approved: raises ChangedError when it was changed meanwhile.
        """
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if edition not in (None, row.edition):
                raise ChangedError
            if row.state is not CampaignState.DRAFT:
                raise ConflictError(f"This campaign is {row.state}; only a draft is approved.")
            if by in (row.updated_by, row.created_by):
                raise OwnWorkError
            row.approved_by = by
            self._log(session, row, "approved", by)

    async def launch(
        self,
        campaign_id: int,
        *,
        by: str,
        edition: int | None = None,
        within: AsyncSession | None = None,
    ) -> Campaign:
        """Let a campaign go out at its times; with ``edition`` only if it is still the one that was seen.

        Raises:
            ConflictError: it is launched already, or was changed meanwhile.
            InvalidError: all its times have passed.
            FourEyesError: its audience is large and nobody else has approved it.
        """
        if within is None:
            await self.check_rank(campaign_id)
        now = self._clock()
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if edition not in (None, row.edition):
                raise ChangedError
            if row.state is not CampaignState.DRAFT:
                raise ConflictError(f"This campaign is {row.state} already.")
            found = campaign(row)
            people = await audience.size(session, found.plan.segment_id)
            if self.is_large(people) and row.approved_by in (None, by):
                raise FourEyesError
            found.plan.check_steps()
            _begin(row, found.plan, now)
            row.launched_at, row.launched_by = now, by
            self._log(session, row, "launched", by, people=people)
        return campaign(row)

    async def pause(
        self, campaign_id: int, *, by: str, reason: str = "", within: AsyncSession | None = None
    ) -> None:
        """Send nothing more for now; what is being sent at this moment still goes out."""
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if row.state not in (CampaignState.SCHEDULED, CampaignState.RUNNING):
                raise ConflictError(f"This campaign is {row.state}; only a running one is paused.")
            await repository.turn(session, campaign_id, (RunState.RUNNING,), RunState.PAUSED)
            row.state, row.reason = CampaignState.PAUSED, reason[:300] or None
            self._log(session, row, "paused", by, reason=reason)

    async def resume(
        self, campaign_id: int, *, by: str, within: AsyncSession | None = None
    ) -> None:
        """Go on where it was paused; who has got it does not get it again."""
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if row.state is not CampaignState.PAUSED:
                raise ConflictError(f"This campaign is {row.state}, not paused.")
            if await in_doubt(session):
                raise InDoubtError
            await repository.turn(session, campaign_id, (RunState.PAUSED,), RunState.RUNNING)
            begun = await journeys.begun(session, row)
            row.state = CampaignState.RUNNING if begun else CampaignState.SCHEDULED
            row.reason = None
            self._log(session, row, "resumed", by)

    async def cancel(
        self, campaign_id: int, *, by: str, reason: str = "", within: AsyncSession | None = None
    ) -> int:
        """End it for good; return how many were still waiting. They are listed as skipped."""
        ended = (CampaignState.FINISHED, CampaignState.CANCELLED)
        async with self._writing(within) as session:
            row = await repository.locked(session, campaign_id)
            if row.state in ended:
                raise ConflictError(f"This campaign is {row.state} already.")
            going = (RunState.PLANNING, RunState.RUNNING, RunState.PAUSED)
            await repository.turn(session, campaign_id, going, RunState.CANCELLED)
            waiting = 0
            for one in await repository.runs(session, campaign_id):
                waiting += await repository.skip_waiting(session, one.id, "cancelled")
            waiting += await journeys.end_all(session, campaign_id, "cancelled")
            row.state, row.wake_at = CampaignState.CANCELLED, None
            row.reason = reason[:300] or None
            self._log(session, row, "cancelled", by, reason=reason, waiting=waiting)
        return waiting

    @asynccontextmanager
    async def _writing(self, within: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        """Return the caller's transaction, or one of our own."""
        if within is not None:
            yield within
            return
        async with self._database.write() as session:
            yield session

    def _log(
        self, session: AsyncSession, row: CampaignRow, what: str, by: str, **data: Any
    ) -> None:
        events.append(
            session,
            Event(
                name=f"campaign.{what}",
                occurred_at=self._clock(),
                data={"campaign_id": row.id, "by": by, **data},
            ),
        )


def _begin(row: CampaignRow, plan: Plan, now: datetime) -> None:
    """Let a campaign begin, at its first time or with the first event after which it goes out.

    Raises:
        InvalidError: all its times have passed.
    """
    event = triggers.after_event(plan.schedule)
    if event is not None and (event.until is None or event.until > now):
        row.state, row.wake_at, row.watches = CampaignState.RUNNING, event.until, event.event
        return
    first = next_open(plan.schedule, now - plan.late)
    if first is None:
        raise InvalidError("schedule: all its times have passed; choose a later one")
    row.state, row.wake_at = CampaignState.SCHEDULED, first.at


async def _kept(session: AsyncSession, name: str) -> None:
    """Write down what was changed; raises when the name is another campaign's."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise NameTakenError(f"There is a campaign named {name!r} already.") from error


def _named(name: str) -> str:
    found = " ".join(name.split())
    if not 1 <= len(found) <= 100:
        raise InvalidError("name: a campaign needs a name of 1 to 100 characters")
    return found
