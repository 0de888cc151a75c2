"""Policies are made and changed here, and clocks are looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk import clock as clocks
from desk import ordering
from desk.access import audit
from desk.calendars.model import Calendar
from desk.calendars.service import Calendars, Known
from desk.calendars.timing import add
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError
from desk.sla import keeper, repository, running
from desk.sla.model import Clock, Policy, first_fit, read
from desk.store.database import Database
from desk.tables.sla import ClockKind, ClockOutcome, SlaPolicyRow, TicketClockRow
from desk.tickets.numbers import ticket_number

_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Running:
    """A clock that runs, with what a list shows of its ticket."""

    clock: Clock
    number: str
    title: str
    priority: str
    assignee: str | None
    team: str | None


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a ticket opened at some moment would be promised."""

    kind: ClockKind
    policy: str
    calendar: str
    target: timedelta
    due_at: datetime


class Sla:
    """Policies and clocks."""

    def __init__(self, database: Database, clock: clocks.Clock, calendars: Calendars) -> None:
        self._database = database
        self._clock = clock
        self._calendars = calendars

    async def clocks(self, ticket_ids: Collection[int]) -> dict[int, list[Clock]]:
        """Return the clocks of tickets by ticket, oldest first; every ticket has its entry."""
        found: dict[int, list[Clock]] = {number: [] for number in ticket_ids}
        if found:
            async with self._database.read() as session:
                for row in await repository.clocks_of(session, found):
                    found[row.ticket_id].append(_clock(row))
        return found

    async def due(self, limit: int = 50) -> list[Running]:
        """Return the clocks that run, those due first (and those late) first."""
        async with self._database.read() as session:
            rows = await repository.running(session, max(1, min(limit, _MOST)))
        return [
            Running(
                clock=_clock(row),
                number=ticket_number(ticket.id),
                title=ticket.title,
                priority=ticket.priority.value,
                assignee=ticket.assignee,
                team=ticket.team,
            )
            for row, ticket in rows
        ]

    async def policies(self) -> tuple[Policy, ...]:
        """Return all policies in order."""
        async with self._database.read() as session:
            return await repository.policies(session)

    async def policy(self, policy_id: int) -> Policy:
        """Return a policy, or raise NotFoundError."""
        async with self._database.read() as session:
            return repository.policy(await _row(session, policy_id))

    async def save(
        self,
        given: Mapping[str, Any],
        *,
        by: str,
        policy_id: int | None = None,
        to_open: bool = False,
    ) -> Policy:
        """Keep a policy, a new one as the last. Clocks that run go on as they were unless ``to_open``.

        Raises:
            InvalidError: it is wrong, has no target, or names an unknown calendar.
            ConflictError: another policy has the name.
        """
        policy, now = read(given), self._clock()
        async with self._database.write() as session:
            rows = await repository.policy_rows(session)
            if any(row.name == policy.name and row.id != policy_id for row in rows):
                raise ConflictError(f"there is a policy {policy.name!r} already")
            known = await self._calendars.known(session)
            _check_calendars(policy, known, now)
            if policy_id is None:
                row = SlaPolicyRow(position=max((one.position for one in rows), default=0) + 1)
                session.add(row)
            else:
                row = await _row(session, policy_id)
            _write(row, policy, by, now)
            await session.flush()
            changed = await self._to_open(session, row, known, now) if to_open else 0
            detail = {"to_open": to_open, "clocks": changed}
            await _note(session, by, row.id, detail, now)
            return repository.policy(row)

    async def _to_open(
        self, session: AsyncSession, row: SlaPolicyRow, known: Known, now: datetime
    ) -> int:
        """Let the open clocks of a policy go by it as it is now, from their start; one without a target ends."""
        policy = repository.policy(row)
        found = await repository.open_clocks_of_policy(session, row.id)
        for clock in found:
            ticket = await repository.ticket(session, clock.ticket_id)
            if clock.kind not in policy.targets:
                calendar = known.get(clock.calendar)
                running.stop(clock, calendar, now, ClockOutcome.DROPPED)
            elif ticket is not None:
                keeper.late(session, ticket, clock, now)
                keeper.adopt(clock, policy, known)
        return len(found)

    async def delete(self, policy_id: int, *, by: str) -> None:
        """Forget a policy; the clocks that it started run on."""
        async with self._database.write() as session:
            row = await _row(session, policy_id)
            for clock in await repository.open_clocks_of_policy(session, policy_id):
                clock.policy_id = None
            await session.flush()
            await session.delete(row)
            await _note(session, by, policy_id, {"deleted": True}, self._clock())

    async def move(self, policy_id: int, step: int, *, by: str) -> None:
        """Move a policy up (-1) or down (1) in the order."""
        async with self._database.write() as session:
            rows = list(await repository.policy_rows(session))
            if ordering.move(rows, policy_id, step) is None:
                raise NotFoundError(f"There is no policy {policy_id}.")
            await _note(session, by, policy_id, {"moved": step}, self._clock())

    async def promises(
        self, priority: str, segment: str | None = None, at: datetime | None = None
    ) -> list[Promise]:
        """Return what a ticket opened now would be promised, by the first policy that fits."""
        now = at or self._clock()
        async with self._database.read() as session:
            policy = first_fit(await repository.policies(session), priority, segment)
            known = await self._calendars.known(session)
        if policy is None:
            return []
        return [
            Promise(
                kind=kind,
                policy=policy.name,
                calendar=target.calendar,
                target=target.within,
                due_at=add(known.get(target.calendar), now, target.within),
            )
            for kind, target in policy.targets.items()
        ]


def due_with(
    calendar: Calendar, at: datetime, spans: Sequence[timedelta]
) -> list[tuple[timedelta, datetime]]:
    """Return when something begun at a moment would be due, for several lengths of business time."""
    return [(span, add(calendar, at, span)) for span in spans]


def _check_calendars(policy: Policy, known: Known, now: datetime) -> None:
    for kind, target in policy.targets.items():
        if target.calendar not in known:
            names = ", ".join(sorted(known))
            raise InvalidError(
                f"targets.{kind}: there is no calendar {target.calendar!r}; there are: {names}"
            )
        try:
            add(known.get(target.calendar), now, target.within)
        except FrontdeskError as error:
            raise InvalidError(f"targets.{kind}: {target.calendar}: {error}") from error


def _write(row: SlaPolicyRow, policy: Policy, by: str, now: datetime) -> None:
    row.name, row.enabled = policy.name, policy.enabled
    row.priorities = [one.value for one in policy.priorities]
    row.segments = list(policy.segments)
    row.targets, row.warn_percent = repository.targets_json(policy), policy.warn_percent
    row.updated_at, row.by = now, by


async def _note(
    session: AsyncSession, by: str, policy_id: int, detail: dict[str, Any], now: datetime
) -> None:
    await audit.note(
        session, by=by, deed="sla.change", thing=f"sla_policy:{policy_id}", detail=detail, now=now
    )


async def _row(session: AsyncSession, policy_id: int) -> SlaPolicyRow:
    row = await session.get(SlaPolicyRow, policy_id)
    if row is None:
        raise NotFoundError(f"There is no policy {policy_id}.")
    return row


def _clock(row: TicketClockRow) -> Clock:
    return Clock(
        id=row.id,
        ticket_id=row.ticket_id,
        kind=row.kind,
        number=row.number,
        policy=row.policy,
        calendar=row.calendar,
        target=timedelta(seconds=row.target_seconds),
        started_at=row.started_at,
        due_at=row.due_at,
        paused_at=row.paused_at,
        left=running.left(row),
        warned_at=row.warned_at,
        breached_at=row.breached_at,
        stopped_at=row.stopped_at,
        outcome=row.outcome,
    )
