"""Moves people on who are on their way: through the steps of a sequence, or towards what follows an event.

Of those who are due, a page at a time is taken in one transaction: it asks the conditions, writes the recipients'
rows of the step that they came to, and says where they are now. So a process that dies has done a page or has not,
and each step is written once. While that goes on the campaign's row is held: nothing is written for one that is
paused or cancelled, and of many processes one works.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, happenings, journeys, plan, saying, triggers
from analytics.campaigns.audience import Handle
from analytics.campaigns.happenings import Who
from analytics.campaigns.journeys import Journey
from analytics.campaigns.occurrences import Occurrence, due_at
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import next_allowed
from analytics.campaigns.saying import Said
from analytics.campaigns.schedule import Followed
from analytics.campaigns.sequence import Last, Place, Progress, move, steps_of
from desk.clock import Clock
from desk.contacts.suppressing import Suppressions
from desk.store.database import Database
from desk.tables.campaign import CampaignRow
from desk.tables.journey import JourneyState

MERGED = "merged"
"""They turned out to be somebody who is on the same way already."""
NOT_IN_SEGMENT = "not_in_segment"
NOT_FIRST = "not_first"
"""What was taken for the first event of their life was none."""
_STATES = {
    Progress.WAITING: JourneyState.WAITING,
    Progress.FINISHED: JourneyState.FINISHED,
    Progress.ENDED: JourneyState.ENDED,
}


class Following:
    """Lets people begin, and moves on who is due; ``ended`` is told of a campaign in which nobody is any more."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        suppressions: Suppressions,
        ended: Callable[[AsyncSession, CampaignRow], Awaitable[object]],
        *,
        page: int = audience.PAGE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._suppressions = suppressions
        self._ended = ended
        self._size = page

    async def step(self) -> None:
        """Do what is due now."""
        while await triggers.read(self._database):
            pass
        async with self._database.read() as session:
            due = await journeys.due(session, self._clock())
        for campaign_id in due:
            while await self._page(campaign_id):
                pass

    async def _page(self, campaign_id: int) -> bool:
        """Move a page of people on; say whether there were any."""
        now = self._clock()
        async with self._database.write() as session:
            row = await journeys.taken(session, campaign_id)
            if row is None:
                return False
            due = await journeys.next_ones(session, campaign_id, now, self._size)
            if not due:
                await self._ended(session, row)
                return False
            going = _Going(session, row, plan.read(row.plan), now)
            await saying.say(session, row, going.plan, await self._moved(going, due), now)
            await journeys.keep(session, due)
            return True

    async def _moved(self, going: "_Going", due: Sequence[Journey]) -> list[Said]:
        """Move everybody on; return who came to which step."""
        people = await happenings.who(going.session, {one.person_id for one in due})
        whose = {one.id: people[one.person_id] for one in due}
        names = {one.id: {one.person_id, *whose[one.id].names} for one in due}
        for one in due:
            one.person_id = whose[one.id].person_id
        await going.be_one(due, names)
        await going.ask_segment(due, names)
        await going.ask_first(due, whose)
        left = [one for one in due if one.state is JourneyState.WAITING]
        reached = await audience.reached(
            going.session,
            going.plan,
            list({one.person_id for one in left}),
            going.now,
            self._suppressions,
        )
        happened = await going.happened(left, whose)
        return [
            said
            for one in left
            if (said := going.move(one, reached[one.person_id], happened[one.person_id]))
        ]


@dataclass(frozen=True)
class _Going:
    """A campaign in which people are moved on, in one transaction."""

    session: AsyncSession
    row: CampaignRow
    plan: Plan
    now: datetime

    @property
    def schedule(self) -> Followed:
        return cast(Followed, self.plan.schedule)

    async def be_one(self, due: Collection[Journey], names: Mapping[int, Collection[str]]) -> None:
        """Let people go the same way once who have begun it under two names; who is further goes on."""
        for occurrence in {
            one.occurrence for one in due if triggers.may_come_again(one.occurrence)
        }:
            some = [one for one in due if one.occurrence == occurrence]
            everybody = set().union(*(names[one.id] for one in some))
            others = await journeys.others(self.session, self.row.id, occurrence, everybody)
            for one in some:
                theirs = [others[name] for name in names[one.id] if name in others]
                if any(other > (one.done, -one.id) for other in theirs):
                    one.end(MERGED)

    async def ask_segment(
        self, due: Collection[Journey], names: Mapping[int, Collection[str]]
    ) -> None:
        """End those who do not belong to the segment, by any name: it may be computed again only later."""
        everybody = set().union(*names.values())
        members = await journeys.members(self.session, self.plan.segment_id, everybody)
        for one in due:
            if one.state is JourneyState.WAITING and members.isdisjoint(names[one.id]):
                one.end(NOT_IN_SEGMENT)

    async def ask_first(self, due: Collection[Journey], whose: Mapping[int, Who]) -> None:
        """Look again what was first: older events may have come in since, or two people have become one."""
        event = triggers.after_event(self.schedule)
        if event is None or not event.first:
            return
        some = [one for one in due if one.state is JourneyState.WAITING and not one.done]
        people = {one.person_id: whose[one.id] for one in some}
        firsts = await happenings.first(self.session, event.event, people.values())
        for one in some:
            at = firsts.get(one.person_id)
            if at is None or (self.row.launched_at and at < self.row.launched_at):
                one.end(NOT_FIRST)
            else:
                one.since = at

    async def happened(
        self, left: Sequence[Journey], whose: Mapping[int, Who]
    ) -> Mapping[str, Last]:
        """Return what happened to people of all that is asked about, and when last."""
        steps = steps_of(self.schedule).steps
        names = {condition.event for one in left for condition in steps[one.done].conditions}
        people = {one.person_id: whose[one.id] for one in left}
        after = min((one.since for one in left), default=self.now)
        return await happenings.last(self.session, sorted(names), people.values(), after)

    def move(self, one: Journey, reached: Handle | None, last: Last) -> Said | None:
        """Move somebody on; return the step that they came to, if they did."""
        zone = audience.zone_of_handle(reached, self.plan)
        sequence, window = steps_of(self.schedule), self.plan.quiet
        since = one.since
        if not one.done:
            since = due_at(sequence.start, Occurrence(one.occurrence, since), zone)
        found = move(
            sequence,
            Place(one.done, since),
            last,
            self.now,
            allowed=lambda at: next_allowed(at, zone, window) if window else at,
            late=self.plan.late,
        )
        one.state, one.due_at = _STATES[found.progress], found.due_at
        one.reason = found.reason if found.progress is Progress.ENDED else None
        if found.step is None:
            return None
        one.done, one.since = found.place.done, found.place.since
        return Said(one, reached, found.step, one.since, found.reason)
