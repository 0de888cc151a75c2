"""A clock's arithmetic: when it is due, and how it moves. Pure, on what a row knows; the caller says the time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk.calendars.model import Calendar
from desk.calendars.timing import add, between
from desk.tables.sla import ClockOutcome, TicketClockRow

type Pause = tuple[datetime, datetime]


def due(
    calendar: Calendar, start: datetime, target: timedelta, pauses: Iterable[Pause] = ()
) -> datetime:
    """Return when so much business time has passed since ``start``, what passed in pauses not counted."""
    at, left = start, target
    for begins, ends in pauses:
        ran = between(calendar, at, begins)
        if ran >= left:
            break
        at, left = max(at, ends), left - ran
    return add(calendar, at, left)


def elapsed(
    calendar: Calendar, start: datetime, at: datetime, pauses: Iterable[Pause] = ()
) -> timedelta:
    """Return the business time from ``start`` to ``at``, what passed in pauses not counted."""
    total, position = timedelta(), start
    for begins, ends in pauses:
        total += between(calendar, position, min(begins, at))
        position = max(position, ends)
    return total + between(calendar, position, at)


def pauses_of(row: TicketClockRow) -> list[Pause]:
    """Return the pauses that are over, oldest first."""
    return [
        (datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]))
        for one in row.pauses
    ]


def compute(row: TicketClockRow, calendar: Calendar) -> None:
    """Bring ``due_at``, ``warn_at`` and ``next_at`` up to date with target, calendar and pauses.

    A warning that was given for an earlier due time is given again if its new time is later.
    """
    target, pauses = timedelta(seconds=row.target_seconds), pauses_of(row)
    row.calendar = calendar.name
    row.due_at = due(calendar, row.started_at, target, pauses)
    row.warn_at = due(calendar, row.started_at, target * row.warn_percent / 100, pauses)
    if row.warned_at is not None and row.warn_at > row.warned_at:
        row.warned_at = None
    row.next_at = _next(row)


def _next(row: TicketClockRow) -> datetime | None:
    if row.paused_at is not None or row.stopped_at is not None or row.breached_at is not None:
        return None
    return row.warn_at if row.warned_at is None else row.due_at


def is_late(row: TicketClockRow, at: datetime) -> bool:
    """Say whether a running clock has passed its time; exactly on time is in time."""
    return row.paused_at is None and row.breached_at is None and at > row.due_at


def breach(row: TicketClockRow) -> None:
    """Mark the breach, which happened when it was due."""
    row.breached_at, row.next_at = row.due_at, None


def warn(row: TicketClockRow, at: datetime) -> None:
    """Mark the warning."""
    row.warned_at, row.next_at = at, row.due_at


def pause(row: TicketClockRow, calendar: Calendar, at: datetime) -> None:
    """Stand still from ``at`` on."""
    row.spent_seconds = _spent(row, calendar, at)
    row.paused_at, row.next_at = at, None


def resume(row: TicketClockRow, calendar: Calendar, at: datetime) -> None:
    """Go on; exactly as much business time is left as when it was paused."""
    if row.paused_at is None:
        return
    over = {"from": row.paused_at.isoformat(), "to": at.isoformat()}
    row.pauses, row.paused_at, row.spent_seconds = [*row.pauses, over], None, None
    compute(row, calendar)


def stop(row: TicketClockRow, calendar: Calendar, at: datetime, outcome: ClockOutcome) -> None:
    """End the clock; what was missed before cannot be met any more."""
    row.spent_seconds = _spent(row, calendar, at)
    is_missed = row.breached_at is not None
    row.outcome = ClockOutcome.MISSED if is_missed else outcome
    row.stopped_at, row.paused_at, row.next_at = at, None, None


def left(row: TicketClockRow) -> timedelta | None:
    """Return the business time that remains while the clock stands still."""
    if row.paused_at is None or row.spent_seconds is None:
        return None
    return timedelta(seconds=row.target_seconds - row.spent_seconds)


def _spent(row: TicketClockRow, calendar: Calendar, at: datetime) -> int:
    until = at if row.paused_at is None else row.paused_at
    return round(elapsed(calendar, row.started_at, until, pauses_of(row)).total_seconds())
