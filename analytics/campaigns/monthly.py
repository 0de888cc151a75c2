"""What goes out on which day: what has been sent and what is due, between two days of a time zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from analytics.campaigns.model import Campaign, campaign
from analytics.campaigns.occurrences import Occurrence, occurrences, start_of
from analytics.campaigns.plan import read
from analytics.campaigns.schedule import AfterEvent, Local, Schedule
from desk.clock import Clock
from desk.store.database import Database
from desk.tables.campaign import CampaignRow, CampaignRunRow, CampaignState

_LIVING = (
    CampaignState.DRAFT,
    CampaignState.SCHEDULED,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
)
_MOST_CAMPAIGNS, _MOST_RUNS = 300, 1_000
_MARGIN = timedelta(days=2)
"""Where a date begins first and where last is more than a day apart."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A campaign on a day. ``own``: the clock is each contact's, not that of the zone. It has a run once it is out."""

    day: date
    clock: time
    own: bool
    campaign_id: int
    name: str
    state: CampaignState
    run_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Month:
    """The entries in order, and the campaigns that wait for events and so have no day."""

    entries: Sequence[Entry]
    on_events: Sequence[Campaign]


class Monthly:
    """Reads calendars."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def between(self, first: date, last: date, zone: ZoneInfo) -> Month:
        """Return what goes out from a first to a last day."""
        begin = datetime.combine(first, time(), zone) - _MARGIN
        end = datetime.combine(last, time(), zone) + _MARGIN
        run, one = CampaignRunRow, CampaignRow
        past = (
            select(run, one.name, one.state)
            .join(one, one.id == run.campaign_id)
            .where(run.due_at >= begin, run.due_at < end)
            .order_by(run.due_at.desc())
            .limit(_MOST_RUNS)
        )
        living = (
            select(one)
            .where(one.state.in_(_LIVING))
            .order_by(one.id.desc())
            .limit(_MOST_CAMPAIGNS)
        )
        async with self._database.read() as session:
            sent = (await session.execute(past)).all()
            found = [campaign(row) for row in (await session.scalars(living)).all()]
        entries = [_sent(row, name, state, zone) for row, name, state in sent]
        known = {(row.campaign_id, row.occurrence) for row, _, _ in sent}
        for each in found:
            for due in _due(each, self._clock(), begin, end):
                if (each.id, due.key) not in known:
                    entries.append(_entry(each, due, zone))
        return Month(
            entries=sorted(
                (each for each in entries if first <= each.day <= last),
                key=lambda each: (each.day, each.clock, each.name),
            ),
            on_events=[
                each
                for each in found
                if each.state is not CampaignState.DRAFT
                and isinstance(start_of(each.plan.schedule), AfterEvent)
            ],
        )


def _due(one: Campaign, now: datetime, begin: datetime, end: datetime) -> Iterator[Occurrence]:
    """Yield what is still to come of a campaign; what is due and has not begun is to come as well."""
    if one.state is not CampaignState.DRAFT and one.wake_at is None:
        return
    after = now if one.wake_at is None else one.wake_at - _INSTANT
    yield from occurrences(one.plan.schedule, max(after, begin), end)


def _sent(row: CampaignRunRow, name: str, state: CampaignState, zone: ZoneInfo) -> Entry:
    day, clock, own = _when(read(row.plan).schedule, row.due_at, zone)
    return Entry(
        day=day,
        clock=clock,
        own=own,
        campaign_id=row.campaign_id,
        name=name,
        state=state,
        run_id=row.id,
    )


def _entry(one: Campaign, due: Occurrence, zone: ZoneInfo) -> Entry:
    day, clock, own = _when(one.plan.schedule, due.at, zone)
    return Entry(day=day, clock=clock, own=own, campaign_id=one.id, name=one.name, state=one.state)


def _when(schedule: Schedule, at: datetime, zone: ZoneInfo) -> tuple[date, time, bool]:
    """Return day and clock in the calendar's zone; of what hangs on each contact's clock those it names."""
    start = start_of(schedule)
    if isinstance(start, Local):
        return start.day, start.clock, True
    there = at.astimezone(zone)
    return there.date(), there.time(), False
