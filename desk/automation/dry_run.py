"""What rules would have done: past events are read, nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.automation import repository
from desk.automation.conditions import holds
from desk.automation.facts import IsOpen, facts, subject, subject_of
from desk.automation.listener import chain_of
from desk.automation.matching import matches
from desk.automation.model import Rule, Waited
from desk.store.database import Database
from desk.tickets.numbers import ticket_number

_BATCH = 500
MOST_EVENTS = 20_000
"""So many events are read at most, the oldest of the time first."""
_SHOWN = 100


@dataclass
class Would:
    """What one rule would have done. ``tickets`` has the first hundred, each once."""

    rule: Rule
    runs: int = 0
    held: int = 0
    tickets: list[str] = field(default_factory=list)

    def add(self, ticket: str | None, *, held: bool = False) -> None:
        """Count a run."""
        if held:
            self.held += 1
            return
        self.runs += 1
        if ticket and ticket not in self.tickets and len(self.tickets) < _SHOWN:
            self.tickets.append(ticket)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What all rules would have done; ``until`` is set when there were more events than are read."""

    since: datetime
    until: datetime | None
    events: int
    rules: tuple[Would, ...]


class DryRun:
    """Asks the past. What rules would have set off in their turn is not known and not counted."""

    def __init__(self, database: Database, is_open: IsOpen) -> None:
        self._database = database
        self._is_open = is_open

    async def over(self, rules: Sequence[Rule], since: datetime, now: datetime) -> Outlook:
        """Return what these rules, on or off, would have done from a time on."""
        # A rule that was not kept yet has no number; the stop flag and the order count as they would.
        would = {place: Would(rule) for place, rule in enumerate(rules)}
        asked = tuple(
            replace(rule, id=rule.id if rule.id is not None else -place - 1, enabled=True)
            for place, rule in enumerate(rules)
        )
        places = {rule.id: place for place, rule in enumerate(asked)}
        names = sorted({name for rule in asked for name in rule.events})
        read, until, last = 0, None, 0
        while names and until is None:
            async with self._database.read() as session:
                rows = await repository.past_events(session, names, since, last, _BATCH)
                for row in rows:
                    about = await subject_of(session, row)
                    is_open = self._is_open(row.occurred_at)
                    known = facts(about, event=row.name, data=row.data, is_open=is_open)
                    number = ticket_number(about.ticket.id) if about.ticket else None
                    chain = chain_of(row.data)
                    for found in matches(asked, row.name, known, chain, row.occurred_at):
                        would[places[found.rule.id]].add(number, held=found.held is not None)
            if not rows:
                break
            read, last = read + len(rows), rows[-1].id
            until = rows[-1].occurred_at if read >= MOST_EVENTS else None
        for place, rule in enumerate(asked):
            if rule.waited is not None:
                await self._waited(would[place], rule, rule.waited, since, now)
        return Outlook(since=since, until=until, events=read, rules=tuple(would.values()))

    async def _waited(
        self, would: Would, rule: Rule, waited: Waited, since: datetime, now: datetime
    ) -> None:
        last = 0
        while True:
            async with self._database.read() as session:
                found = await repository.history(session, waited.field, last, _BATCH)
                if not found:
                    return
                for ticket, values in found:
                    for _ in fired(values, waited, since, now):
                        if await self._holds(session, rule, ticket.id, now):
                            would.add(ticket_number(ticket.id))
                last = found[-1][0].id

    async def _holds(
        self, session: AsyncSession, rule: Rule, ticket_id: int, now: datetime
    ) -> bool:
        ticket = await repository.ticket(session, ticket_id)
        about = await subject(
            session, ticket=ticket, conversation_id=ticket.conversation_id if ticket else None
        )
        known = facts(about, data={}, is_open=self._is_open(now))
        return holds(rule.condition, known, now)


def fired(
    values: Sequence[tuple[datetime, str | None]], waited: Waited, since: datetime, now: datetime
) -> Iterator[datetime]:
    """Return when something would have waited long enough, once for each time it came to be so. Pure."""
    ends = [at for at, _ in values[1:]] + [now + timedelta(microseconds=1)]
    for (began, value), end in zip(values, ends, strict=True):
        at = began + waited.span
        if (value or "") == waited.value and since <= at < end:
            yield at
