"""Does what runs ask for, one run in one transaction. Any number of processes may do this."""

import asyncio
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.automation import actions, repository
from desk.automation.doing import Doer, Doing
from desk.automation.facts import IsOpen, facts, subject, subject_of
from desk.clock import Clock
from desk.conversations.repository import locked as locked_conversation
from desk.errors import FrontdeskError, RetryableError
from desk.events import Event
from desk.outbox.retry import next_attempt
from desk.signals import DESK, OUTBOX, Signals
from desk.store import deferred
from desk.store.database import Database
from desk.tables.automation import AutomationRuleRow, AutomationRunRow, RunState
from desk.tables.event import EventRow
from desk.tables.ticket import TicketRow

log = structlog.get_logger()

MOST_FAILURES = 20
"""So many runs in a row that failed switch a rule off."""
_POLL = 1.0
_DONE, _FAILED, _WAITING = "done", "failed", "waiting"


class RuleRunner:
    """Takes runs one after the other; those about one customer's matter in their order."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        doer: Doer,
        is_open: IsOpen,
        signals: Signals,
    ) -> None:
        self._database = database
        self._clock = clock
        self._doer = doer
        self._is_open = is_open
        self._signals = signals

    async def run(self) -> None:
        """Work for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Do one run; return 1, or 0 when there is none."""
        now = self._clock()
        async with self._database.write() as session:
            found = await repository.next_run(session, now)
            if found is None:
                return 0
            row, rule = found
            with events.caused_by([*row.chain, rule.id]):
                await self._do(session, row, rule, now)
        log.info("automation_run", run_id=row.id, rule_id=rule.id, state=row.state)
        for topic in (OUTBOX, DESK):
            await self._signals.publish(topic)
        return 1

    async def _do(
        self, session: AsyncSession, row: AutomationRunRow, rule: AutomationRuleRow, now: datetime
    ) -> None:
        row.attempts += 1
        if row.conversation_id is not None:
            # The first lock, as everywhere.
            await locked_conversation(session, row.conversation_id)
        doing = await self._doing(session, row, rule, now)
        outcomes, again = list(row.outcomes), None
        for place, written in enumerate(rule.actions):
            known = outcomes[place] if place < len(outcomes) else None
            if known is not None and known["state"] != _WAITING:
                continue
            outcome, later = await self._act(doing, row, written, place)
            outcomes[place : place + 1] = [outcome]
            again = min(filter(None, (again, later)), default=None)
        row.outcomes = outcomes
        if again is not None:
            row.not_before = again
            return
        row.done_at = now
        has_failed = any(one["state"] == _FAILED for one in outcomes)
        row.state = RunState.FAILED if has_failed else RunState.DONE
        _count(session, rule, outcomes, now)

    async def _doing(
        self, session: AsyncSession, row: AutomationRunRow, rule: AutomationRuleRow, now: datetime
    ) -> Doing:
        event = await session.get(EventRow, row.event_id) if row.event_id else None
        if event is not None:
            about = await subject_of(session, event)
        else:
            ticket = await session.get(TicketRow, row.ticket_id) if row.ticket_id else None
            about = await subject(session, ticket=ticket, conversation_id=row.conversation_id)
        data = event.data if event is not None else {}
        return Doing(
            session=session,
            run_id=row.id,
            rule=rule.name,
            event=row.event,
            event_id=row.event_id,
            about=about,
            facts=facts(about, event=row.event, data=data, is_open=self._is_open(now)),
            now=now,
        )

    async def _act(
        self, doing: Doing, row: AutomationRunRow, written: dict[str, Any], place: int
    ) -> tuple[dict[str, Any], datetime | None]:
        """Do one action; what it wrote is taken back if it fails, and the others go on."""
        outcome = {"kind": str(written.get("kind")), "state": _DONE, "detail": ""}
        mark = deferred.mark(doing.session)
        try:
            async with doing.session.begin_nested():
                detail = await self._doer.do(doing, actions.read(written), place)
                await doing.session.flush()
        except FrontdeskError as error:
            deferred.back(doing.session, mark)
            await _reread(doing)
            again = _again(row, error, doing.now)
            state = _FAILED if again is None else _WAITING
            return {**outcome, "state": state, "detail": str(error)[:300]}, again
        return {**outcome, "detail": detail[:300]}, None


async def _reread(doing: Doing) -> None:
    """Read what a failed action may have changed before it was taken back."""
    for row in (doing.about.ticket, doing.about.conversation, doing.about.contact):
        if row is not None:
            await doing.session.refresh(row)


def _again(row: AutomationRunRow, error: FrontdeskError, now: datetime) -> datetime | None:
    if not isinstance(error, RetryableError):
        return None
    return next_attempt(row.attempts, error, created_at=row.created_at, now=now)


def _count(
    session: AsyncSession, rule: AutomationRuleRow, outcomes: list[dict[str, Any]], now: datetime
) -> None:
    """Count failures in a row; too many switch the rule off, which everybody can see."""
    failed = [one for one in outcomes if one["state"] == _FAILED]
    rule.failures = rule.failures + 1 if failed else 0
    if rule.failures < MOST_FAILURES or not rule.enabled:
        return
    rule.enabled = False
    rule.off_reason = f"failed {rule.failures} times in a row: {failed[-1]['detail']}"[:300]
    data = {"rule_id": rule.id, "failures": rule.failures, "by": "system"}
    event = Event(name="automation.switched_off", occurred_at=now, data=data)
    events.append(session, event)
    log.error("automation_switched_off", rule_id=rule.id, failures=rule.failures)
