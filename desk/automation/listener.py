"""Turns events, and time that passes, into runs of rules; nothing is done here but to write them down, once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.automation import repository
from desk.automation.conditions import holds
from desk.automation.facts import IsOpen, Subject, facts, subject, subject_of
from desk.automation.fields import EVENTS
from desk.automation.matching import matches
from desk.automation.model import Rule
from desk.clock import Clock
from desk.store.database import Database
from desk.tables.automation import RunState
from desk.tables.event import EventRow

log = structlog.get_logger()

READER = "automation"
"""The name under which the listener follows the log."""
MOST_RUNS, RUNS_WITHIN = 30, timedelta(minutes=10)
"""A rule acts so often on one customer's matter in so long: whatever circles outside of our sight ends there."""
_POLL = 15.0
_BATCH = 200
_KNOWN = frozenset(EVENTS)
_WAITED = "ticket.waited"


class RuleListener:
    """The handler of a :class:`desk.follow.Follower` called :data:`READER`, and a loop for what waits."""

    def __init__(self, *, database: Database, clock: Clock, is_open: IsOpen) -> None:
        self._database = database
        self._clock = clock
        self._is_open = is_open

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """Write down which rules these events set off."""
        wanted = [row for row in rows if row.name in _KNOWN]
        rules = await _enabled(session) if wanted else ()
        names = {name for rule in rules for name in rule.events}
        for row in wanted:
            if row.name in names:
                await self._event(session, row, rules)

    async def _event(self, session: AsyncSession, row: EventRow, rules: Sequence[Rule]) -> None:
        about = await subject_of(session, row)
        known = facts(about, event=row.name, data=row.data, is_open=self._is_open(row.occurred_at))
        chain = chain_of(row.data)
        for found in matches(rules, row.name, known, chain, row.occurred_at):
            values = {
                "key": f"event:{row.id}",
                "event": row.name,
                "event_id": row.id,
                "chain": list(chain),
            }
            await self._add(session, found.rule, about, values, found.held)

    async def run(self) -> None:
        """Look for what has waited long enough, for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Write down which tickets have waited long enough; return how many."""
        async with self._database.read() as session:
            waiting = [rule for rule in await _enabled(session) if rule.waited is not None]
        return sum([await self._waited(rule) for rule in waiting])

    async def _waited(self, rule: Rule) -> int:
        now, done = self._clock(), 0
        if rule.waited is None or rule.id is None:
            return 0
        async with self._database.write() as session:
            found = await repository.waiting(session, rule.id, rule.waited, now, _BATCH)
            for ticket, since in found:
                about = await subject(
                    session, ticket=ticket, conversation_id=ticket.conversation_id
                )
                known = facts(about, data={}, is_open=self._is_open(now))
                values: dict[str, Any] = {
                    "key": f"waited:{ticket.id}:{since.isoformat()}",
                    "event": _WAITED,
                    "event_id": None,
                    "chain": [],
                }
                if holds(rule.condition, known, now):
                    done += await self._add(session, rule, about, values, None)
        return done

    async def _add(
        self,
        session: AsyncSession,
        rule: Rule,
        about: Subject,
        values: dict[str, Any],
        held: str | None,
    ) -> bool:
        now, rule_id = self._clock(), rule.id or 0
        often = await repository.recent(session, rule_id, about.key, now, RUNS_WITHIN)
        if held is None and often >= MOST_RUNS:
            held = f"loop: {MOST_RUNS} runs about this within ten minutes"
        if held is not None:
            log.warning("automation_held", rule_id=rule_id, subject=about.key, reason=held)
        row = {
            **values,
            "rule_id": rule_id,
            "subject": about.key,
            "ticket_id": about.ticket.id if about.ticket else None,
            "conversation_id": about.conversation.id if about.conversation else None,
            "contact_id": about.contact.id if about.contact else None,
            "state": RunState.QUEUED if held is None else RunState.HELD,
            "reason": held,
            "not_before": now,
            "created_at": now,
            "done_at": None if held is None else now,
        }
        return await repository.add_run(session, row)


async def _enabled(session: AsyncSession) -> tuple[Rule, ...]:
    return tuple(rule for rule in await repository.rules(session) if rule.enabled)


def chain_of(data: Any) -> tuple[int, ...]:
    """Return the rules whose deeds led to an event."""
    found = data.get("caused_by") or ()
    return tuple(one for one in found if isinstance(one, int)) if isinstance(found, list) else ()
