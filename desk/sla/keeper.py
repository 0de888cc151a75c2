"""Moves the clocks of tickets as events tell, each event once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.calendars.service import Calendars, Known
from desk.errors import FrontdeskError
from desk.sla import news, repository, running
from desk.sla.happened import EVENTS, PAUSING, Move, move
from desk.sla.model import RESPONSES, Policy, first_fit
from desk.tables.event import EventRow
from desk.tables.sla import ClockKind, ClockOutcome, TicketClockRow
from desk.tables.ticket import TicketRow
from desk.tickets.status import DONE

log = structlog.get_logger()

READER = "sla"
"""The name under which the keeper follows the log."""
_FIRST, _NEXT, _RESOLUTION = (
    ClockKind.FIRST_RESPONSE,
    ClockKind.NEXT_RESPONSE,
    ClockKind.RESOLUTION,
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One event as its ticket's clocks see it."""

    session: AsyncSession
    ticket: TicketRow
    status: str
    priority: str
    at: datetime
    policies: tuple[Policy, ...]
    known: Known

    @property
    def policy(self) -> Policy | None:
        """What is promised to the ticket."""
        return first_fit(self.policies, self.priority, self.ticket.segment)


class ClockKeeper:
    """The handler of a :class:`desk.follow.Follower` called :data:`READER`."""

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars
        self._moves: dict[Move, Callable[[Moment], Awaitable[None]]] = {
            Move.START: _start,
            Move.ANSWERED: _answered,
            Move.ASKED: _asked,
            Move.PAUSE: _pause,
            Move.RESUME: _resume,
            Move.FINISH: _finish,
            Move.REOPEN: _reopen,
            Move.RECOMPUTE: _recompute,
            Move.DROP: _drop,
        }

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """Move the clocks as these events tell."""
        wanted = [(row, found) for row in rows if (found := _move(row)) is not None]
        if not wanted:
            return
        policies = await repository.policies(session)
        known = await self._calendars.known(session)
        for row, what in wanted:
            with events.because_of(row):
                for ticket in await _tickets(session, row):
                    moment = Moment(
                        session=session,
                        ticket=ticket,
                        status=str(row.data.get("status") or ticket.status),
                        priority=str(row.data.get("priority") or ticket.priority),
                        at=row.occurred_at,
                        policies=policies,
                        known=known,
                    )
                    await self._do(what, moment)

    async def _do(self, what: Move, moment: Moment) -> None:
        try:
            await self._moves[what](moment)
        except FrontdeskError as error:  # a calendar that ends must not stop the clocks of others
            log.warning("sla_not_moved", ticket_id=moment.ticket.id, move=what, reason=str(error))


def _move(row: EventRow) -> Move | None:
    return move(row.name, row.data) if row.name in EVENTS else None


async def _tickets(session: AsyncSession, row: EventRow) -> Sequence[TicketRow]:
    if not row.name.startswith("ticket."):
        return await repository.tickets_of(session, row.conversation_id or "")
    number = row.data.get("ticket_id")
    found = await repository.ticket(session, number) if isinstance(number, int) else None
    return [found] if found else []


async def _start(moment: Moment) -> None:
    for kind in (_FIRST, _RESOLUTION):
        await _begin(moment, kind, moment.at)


async def _answered(moment: Moment) -> None:
    await _stop(moment, RESPONSES, ClockOutcome.MET)


async def _asked(moment: Moment) -> None:
    clocks = await repository.open_clocks(moment.session, moment.ticket.id)
    # Who waits already, waits since then.
    is_done = moment.ticket.status in DONE and moment.status in DONE
    if not is_done and not any(clock.kind in RESPONSES for clock in clocks):
        await _begin(moment, _NEXT, moment.at)


async def _pause(moment: Moment) -> None:
    for clock in await _open(moment):
        if clock.paused_at is None:
            running.pause(clock, moment.known.get(clock.calendar), moment.at)


async def _resume(moment: Moment) -> None:
    for clock in await _open(moment):
        running.resume(clock, moment.known.get(clock.calendar), moment.at)


async def _finish(moment: Moment) -> None:
    await _stop(moment, (_RESOLUTION,), ClockOutcome.MET)
    # Settled without an answer: nobody waits for one any more.
    await _stop(moment, RESPONSES, ClockOutcome.DROPPED)


async def _reopen(moment: Moment) -> None:
    if moment.status in DONE:
        return
    clocks = await repository.open_clocks(moment.session, moment.ticket.id)
    if not any(clock.kind is _RESOLUTION for clock in clocks):
        await _begin(moment, _RESOLUTION, moment.at)


async def _recompute(moment: Moment) -> None:
    """Go by the policy of the new priority, from the start on."""
    policy, clocks = moment.policy, await _open(moment)
    for clock in clocks:
        target = policy.targets.get(clock.kind) if policy else None
        if policy is None or target is None:
            calendar = moment.known.get(clock.calendar)
            running.stop(clock, calendar, moment.at, ClockOutcome.DROPPED)
            continue
        adopt(clock, policy, moment.known)
        late(moment.session, moment.ticket, clock, moment.at)
    begun = {
        clock.kind for clock in await repository.clocks_of(moment.session, [moment.ticket.id])
    }
    if _FIRST not in begun and moment.ticket.first_replied_at is None:
        await _begin(moment, _FIRST, moment.ticket.created_at)
    if _RESOLUTION not in begun:
        await _begin(moment, _RESOLUTION, moment.ticket.created_at)


async def _drop(moment: Moment) -> None:
    await _stop(moment, tuple(ClockKind), ClockOutcome.DROPPED)


def adopt(clock: TicketClockRow, policy: Policy, known: Known) -> None:
    """Let a clock that is open go by a policy, which has a target for its kind, as it is now."""
    target = policy.targets[clock.kind]
    clock.policy_id, clock.policy = policy.id, policy.name
    clock.target_seconds = round(target.within.total_seconds())
    clock.warn_percent = policy.warn_percent
    running.compute(clock, known.get(target.calendar))


async def _open(moment: Moment) -> Sequence[TicketClockRow]:
    """Return the open clocks, with those breaches marked that came before this moment."""
    clocks = await repository.open_clocks(moment.session, moment.ticket.id)
    for clock in clocks:
        late(moment.session, moment.ticket, clock, moment.at)
    return clocks


def late(session: AsyncSession, ticket: TicketRow, clock: TicketClockRow, at: datetime) -> None:
    """Mark a breach if the clock has passed its time; once, whoever comes first."""
    if clock.stopped_at is None and running.is_late(clock, at):
        running.breach(clock)
        news.breached(session, ticket, clock)


async def _stop(moment: Moment, kinds: Sequence[ClockKind], outcome: ClockOutcome) -> None:
    for clock in await _open(moment):
        if clock.kind not in kinds:
            continue
        running.stop(clock, moment.known.get(clock.calendar), moment.at, outcome)
        if clock.outcome is ClockOutcome.MET:
            news.met(moment.session, moment.ticket, clock, moment.at)


async def _begin(moment: Moment, kind: ClockKind, at: datetime) -> None:
    policy = moment.policy
    target = policy.targets.get(kind) if policy else None
    if policy is None or target is None:
        return
    clock = TicketClockRow(
        ticket_id=moment.ticket.id,
        kind=kind,
        number=await repository.next_number(moment.session, moment.ticket.id, kind),
        started_at=at,
        pauses=[],
    )
    adopt(clock, policy, moment.known)
    if moment.status in PAUSING:
        running.pause(clock, moment.known.get(clock.calendar), moment.at)
    moment.session.add(clock)
    await moment.session.flush()
    news.started(moment.session, moment.ticket, clock, moment.at)
