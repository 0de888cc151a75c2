"""A dry run of a campaign: as it would be planned now, with the legal rate and the price of every channel."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.campaigns import audience, ranking
from analytics.campaigns.audience import Whole
from analytics.campaigns.estimate_lane import Wave, passed
from analytics.campaigns.estimate_model import Caution, Doubt, Estimate, LaneEstimate
from analytics.campaigns.estimate_sample import sample
from analytics.campaigns.occurrences import Occurrence, next_open
from analytics.campaigns.plan import Plan
from analytics.campaigns.ranking import Ranking
from analytics.campaigns.ranking_rows import leave_out
from analytics.campaigns.schedule import AfterEvent
from analytics.campaigns.schedule import Sequence as Steps
from desk.channel import Channel, PaidChannel, Rate, Tariff
from desk.clock import Clock
from desk.outbox.repository import Lane
from desk.store.database import Database
from desk.tables.campaign import RecipientState

_FREE = Tariff()


@dataclass
class _Counted:
    """What the rows of a plan sum up to; ``waves`` are people by their times and zone, for each account."""

    states: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    waves: defaultdict[Lane, Counter[tuple[datetime, datetime, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    micros: Counter[Lane] = field(default_factory=Counter)
    rates: defaultdict[Lane, set[Rate]] = field(default_factory=lambda: defaultdict(set))

    def add(self, row: Mapping[str, Any], tariff: Callable[[Mapping[str, Any]], Tariff]) -> None:
        """Count one row."""
        state = row["state"]
        self.states[state] += 1
        if state == RecipientState.SKIPPED:
            self.skipped[row["reason"]] += 1
        if state in (RecipientState.SKIPPED, RecipientState.HOLDOUT):
            return
        if state == RecipientState.QUEUED:
            self.variants[row["variant"]] += 1
        lane = Lane(row["channel"], row["account"])
        self.waves[lane][row["not_before"], row["not_after"], row["zone"]] += 1
        found = tariff(row)
        self.micros[lane] += found.micros
        self.rates[lane].update(found.rates)


class Estimates:
    """Tells what would become of plans. ``prices`` are ours for a message, by channel, in millionths of a dollar."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        prices: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._prices = prices or {}
        self._ranking = ranking

    async def of(self, plan: Plan, *, campaign_id: int = 0) -> Estimate:
        """Return the dry run of a plan; with a campaign's id everybody gets the variant that they really would.

        Everybody of the segment is looked at, a page at a time; nothing is kept.

        Raises:
            InvalidError: it cannot be ranked as the plan wants; the message says what is missing.
        """
        now = self._clock()
        first = next_open(plan.schedule, now - plan.late) or Occurrence("tried", now)
        # With a winner to be found some wait; that is no matter of who gets it.
        wanted = plan.model_copy(update={"winner": None})
        whole = Whole(run_id=0, campaign_id=campaign_id, plan=wanted, occurrence=first)
        counted = await self._counted(whole, now)
        # A burst a second for days, in many zones, takes a moment.
        lanes = await asyncio.to_thread(self._lanes, counted, plan, now)
        skipped = dict(counted.skipped.most_common())
        holdout = counted.states[RecipientState.HOLDOUT]
        channels: Counter[str] = Counter()
        for one in lanes:
            channels[one.channel] += one.people
        found = Estimate(
            made_at=now,
            queued=sum(channels.values()),
            holdout=holdout,
            skipped=skipped,
            channels={name: channels[name] for name in plan.channels},
            variants={one.name: counted.variants[one.name] for one in plan.variants},
            lanes=lanes,
            sample=sample(plan, counted.variants, holdout),
        )
        return replace(found, cautions=tuple(self._cautions(found, plan)))

    async def _counted(self, whole: Whole, now: datetime) -> _Counted:
        chosen = await ranking.chosen(self._database, self._ranking, whole, now)
        counted, after = _Counted(), ""
        tariff = self._tariffs(whole.plan)
        while True:
            async with self._database.read() as session:
                persons = await audience.page(session, whole.plan.segment_id, after=after)
                if not persons:
                    return counted
                rows = await audience.rows(session, whole, persons, now)
            if chosen is not None:
                leave_out(persons, rows, chosen)
            for row in rows:
                counted.add(row, tariff)
            after = persons[-1]

    def _tariffs(self, plan: Plan) -> Callable[[Mapping[str, Any]], Tariff]:
        """Return what says what a row's message costs: our own price, or else its channel's."""
        templates = {one.name: one.template for one in plan.variants}
        some = plan.variants[0].template
        paid = {
            name: channel
            for name, channel in self._channels.items()
            if isinstance(channel, PaidChannel)
        }

        def tariff(row: Mapping[str, Any]) -> Tariff:
            name = row["channel"]
            found = _FREE
            if name in paid:
                template = templates.get(row["variant"], some)
                content = template.contents[template.language_for(row["language"])]
                found = paid[name].tariff(row["thread"], content.text)
            price = self._prices.get(name)
            return found if price is None else replace(found, micros=price)

        return tariff

    def _lanes(self, counted: _Counted, plan: Plan, now: datetime) -> tuple[LaneEstimate, ...]:
        return tuple(
            self._lane(lane, waves, counted, plan, now)
            for lane, waves in sorted(counted.waves.items())
        )

    def _lane(
        self,
        lane: Lane,
        waves: Mapping[tuple[datetime, datetime, str], int],
        counted: _Counted,
        plan: Plan,
        now: datetime,
    ) -> LaneEstimate:
        channel = self._channels.get(lane.channel)
        pace = channel.pace.account if channel else ()
        rates = [*pace, *counted.rates[lane]]
        people = sum(waves.values())
        done = passed(
            [
                Wave(at=at, until=until, zone=ZoneInfo(zone), people=count)
                for (at, until, zone), count in waves.items()
            ],
            rates,
            plan.quiet,
            now,
        )
        return LaneEstimate(
            channel=lane.channel,
            account=lane.account,
            people=people,
            late=done.late,
            begins_at=done.begins_at,
            ends_at=done.ends_at,
            per_hour=min(
                (one.count / one.per.total_seconds() * 3_600 for one in rates), default=None
            ),
            cost_micros=round(counted.micros[lane] * done.sent / people),
        )

    def _cautions(self, found: Estimate, plan: Plan) -> Sequence[Caution]:
        told = []
        start = plan.schedule.start if isinstance(plan.schedule, Steps) else plan.schedule
        if isinstance(start, AfterEvent) or isinstance(plan.schedule, Steps):
            told.append(Caution(doubt=Doubt.NOT_ALL_KNOWN))
        elif next_open(plan.schedule, found.made_at - plan.late) is None:
            told.append(Caution(doubt=Doubt.PAST))
        if not found.queued:
            told.append(Caution(doubt=Doubt.NOBODY))
        for name in plan.channels:
            if name not in self._channels:
                told.append(Caution(doubt=Doubt.NOT_SET_UP, channel=name))
        for lane in found.lanes:
            if lane.late:
                told.append(
                    Caution(doubt=Doubt.CANNOT_END, channel=lane.channel, people=lane.late)
                )
            if lane.cost_micros:
                told.append(Caution(doubt=Doubt.PAID, channel=lane.channel, people=lane.people))
        if found.sample and not found.sample.is_enough:
            told.append(
                Caution(doubt=Doubt.TOO_FEW, people=found.sample.needed - found.sample.held)
            )
        return told
