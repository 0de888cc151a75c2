"""The moments of a schedule. Pure; the key of an occurrence is what makes it happen once.

A single campaign has one key for ever, so that moving its date does not send it twice. A recurring one has the local
date, so that clocks that go back do not either; one after an event has the event's id.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.campaigns import cron, local
from analytics.campaigns.schedule import (
    AfterEvent,
    Local,
    Once,
    Recurring,
    Schedule,
    Sequence,
    Start,
)

ONCE = "once"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Occurrence:
    """One time that a campaign goes out: from ``at`` on, in UTC; in which zone when, says :func:`due_at`."""

    key: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event of a contact's; ``first``: there was none of its kind before."""

    id: str
    name: str
    at: datetime
    first: bool = False


def occurrences(schedule: Schedule, after: datetime, until: datetime) -> list[Occurrence]:
    """Return those after a moment and up to another, in order; none when the clock was put back in between.

    What follows events has none of its own, see :func:`triggered`.
    """
    return [one for one in _around(start_of(schedule), after, until) if after < one.at <= until]


def next_occurrence(schedule: Schedule, after: datetime) -> Occurrence | None:
    """Return the first one after a moment, if there is one."""
    found = _around(start_of(schedule), after, after + cron.HORIZON)
    return next((one for one in found if one.at > after), None)


def next_open(schedule: Schedule, after: datetime) -> Occurrence | None:
    """Return the first one that is not over everywhere: when it is nine in one zone, it is yet to be in another."""
    start = start_of(schedule)
    found = _around(start, after, after + cron.HORIZON)
    return next((one for one in found if last_due(start, one) > after), None)


def triggered(schedule: Schedule, event: Happening) -> Occurrence | None:
    """Return what an event leads to, if anything; its conditions are asked when it is due."""
    match start_of(schedule):
        case AfterEvent(event=event.name, first=first, delay=delay) if event.first or not first:
            return Occurrence(event.id, event.at.astimezone(UTC) + delay)
        case _:
            return None


def due_at(schedule: Schedule, occurrence: Occurrence, zone: ZoneInfo | None) -> datetime:
    """Return when somebody whose clocks hang in ``zone`` is written to, in UTC.

    Where a date was skipped it is the next one that there is, at the same time.
    """
    first_wait = schedule.steps[0].wait if isinstance(schedule, Sequence) else timedelta()
    match start_of(schedule):
        case Local() as wanted:
            there = zone or local.zone_of(wanted.default_zone)
            return _on_or_after(wanted, there) + first_wait
        case _:
            return occurrence.at + first_wait


def last_due(schedule: Schedule, occurrence: Occurrence) -> datetime:
    """Return when the last contact on earth is written to, in UTC."""
    return due_at(schedule, occurrence, local.LAST)


def is_late(due: datetime, now: datetime, max_lateness: timedelta) -> bool:
    """Say whether it is too late for what was due; exactly so late is not."""
    return now - due > max_lateness


def start_of(schedule: Schedule) -> Start:
    """Return the schedule of the first message."""
    return schedule.start if isinstance(schedule, Sequence) else schedule


def _around(schedule: Start, after: datetime, until: datetime) -> Iterator[Occurrence]:
    """Return those between two moments, and maybe one or two beside."""
    match schedule:
        case Once(at=at):
            yield Occurrence(ONCE, at)
        case Local() as wanted:
            yield Occurrence(ONCE, _on_or_after(wanted, local.FIRST))
        case Recurring(cron=text, zone=name):
            plan, zone = cron.parse(text), local.zone_of(name)
            for day in _dates(after, until, zone):
                there = local.moment(day, plan.at, zone) if plan.days.on(day) else None
                if there is not None:
                    yield Occurrence(day.isoformat(), there)


def _dates(after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[date]:
    first, last = (at.astimezone(zone).date() for at in (after, until))
    # The next date as well: clocks that were put back over midnight have shown it already.
    for number in range((last - first).days + 2):
        yield first + number * _DAY


def _on_or_after(wanted: Local, zone: ZoneInfo) -> datetime:
    at = local.moment(wanted.day, wanted.clock, zone)
    # No zone ever skipped two dates in a row.
    return at or _on_or_after(wanted.model_copy(update={"day": wanted.day + _DAY}), zone)
