"""Gives tickets to agents as the rules say: when one is opened, when somebody comes or goes, and now and then.

Whoever assigns holds the rows of all agents and of the ticket, so two processes never give a ticket twice nor one
agent more than they can carry.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.assignment import repository as ask
from desk.assignment.choose import AgentFacts, AssignmentRule, Choice, choose
from desk.assignment.load import TICKET
from desk.assignment.rules import assignment_rules, priority_rules
from desk.clock import Clock
from desk.store.database import Database
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.event import EventRow
from desk.tables.ticket import TicketRow
from desk.tickets import history
from desk.tickets.change import BY_AGENT, BY_CLASSIFIER, BY_RULE, Change
from desk.tickets.model import EntryAuthor
from desk.tickets.priority import priority_of
from desk.tickets.topics import VAGUE, topic_of

log = structlog.get_logger()

_POLL = 15.0
_BATCH, _MOST_BATCHES = 200, 10
_GRACE = timedelta(minutes=5)

#: After these somebody may have room, or a ticket may want somebody.
_WAKING = frozenset(
    {
        "ticket.opened", "ticket.reopened", "ticket.status_changed", "ticket.topic_changed", "ticket.team_changed",
        "ticket.tagged", "ticket.assigned", "ticket.unmerged", "agent.status_changed", "agent.removed",
        "agent.changed", "conversation.resolved", "conversation.released", "rule.changed",
    }
)  # fmt: skip
AWAY, REMOVED = "agent_away", "agent_removed"
"""Why a ticket went from one agent to another, before the reasons for the other."""


@dataclass
class _Floor:
    """Everybody and every rule as they are in this transaction; loads grow as tickets are given."""

    rows: Sequence[AgentRow]
    agents: dict[str, AgentFacts]
    rules: list[AssignmentRule]

    @property
    def has_room(self) -> bool:
        """Whether anybody at all could take a ticket."""
        return any(one.is_online and one.load < one.room for one in self.agents.values())

    def give(self, name: str, weight: int, now: datetime) -> None:
        """Remember that somebody got a ticket."""
        known = self.agents[name]
        self.agents[name] = replace(known, load=known.load + weight, served_at=now)


class Assignment:
    """Follows the log (:meth:`handle`) and looks by itself (:meth:`step`): rows decide, so both may run at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        grace: Callable[[], timedelta] = lambda: _GRACE,
    ) -> None:
        """``grace`` says how long somebody may be away until their tickets go to others."""
        self._database = database
        self._clock = clock
        self._grace = grace

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.step()
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Take tickets from who is gone and give out what waits; return how many were given."""
        async with self._database.write() as session:
            floor = await self._floor(session)
            now = self._clock()
            moved = await self._leave_nobody_waiting(session, floor, now)
            return moved + await self._give_out(session, floor, now)

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """React to events, in the transaction of the reader of the log."""
        # One after the other as they came, but those with the same causes at once: usually all of them.
        for _, some in groupby(rows, key=lambda row: row.data.get("caused_by", ())):
            together = list(some)
            with events.because_of(together[0]):
                await self._react(session, together)

    async def _react(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        now = self._clock()
        opened = [_ticket_id(row) for row in rows if row.name == "ticket.opened"]
        talked = {
            row.conversation_id
            for row in rows
            if row.name == "turn.answered" and row.data.get("intent") and row.conversation_id
        }
        await self._judge(session, opened, talked, now)
        if not any(row.name in _WAKING for row in rows):
            return
        floor = await self._floor(session)
        removed = [str(row.data.get("agent")) for row in rows if row.name == "agent.removed"]
        await self._take_from_removed(session, removed, now)
        await self._give_out(session, floor, now, explain=opened)

    async def _judge(
        self,
        session: AsyncSession,
        opened: Iterable[int],
        talked: set[str],
        now: datetime,
    ) -> None:
        """Find the topic and the priority of tickets that are new or whose talk went on."""
        ids = {*opened, *(await ask.vague_of(session, talked) if talked else ())}
        if not ids:
            return
        rules = await priority_rules(session)
        for row in await ask.by_ids(session, ids):
            if row.topic in VAGUE and row.topic_by is None:
                found = topic_of(await ask.understood(session, row.conversation_id))
                if found is not None:
                    change = _system(
                        topic=found.topic,
                        topic_confidence=found.confidence,
                        chosen_by=BY_CLASSIFIER,
                    )
                    await history.changed(session, row, change, now)
            if row.priority_by == BY_AGENT:
                continue
            rule = priority_of(await ask.ticket_facts(session, row), rules)
            if rule is not None:
                change = _system(priority=rule.priority, chosen_by=BY_RULE, author_name=rule.name)
                await history.changed(session, row, change, now)
        await session.flush()

    async def _floor(self, session: AsyncSession) -> _Floor:
        rows = await ask.agents(session)
        return _Floor(
            rows=rows,
            agents=await ask.facts(session, rows),
            rules=await assignment_rules(session),
        )

    async def _give_out(
        self, session: AsyncSession, floor: _Floor, now: datetime, explain: Sequence[int] = ()
    ) -> int:
        """Give what waits to whoever has room; those in ``explain`` are told why nobody has."""
        given, place, wanted = 0, (-1, 0), set(explain)
        for _ in range(_MOST_BATCHES):
            if not floor.has_room and not wanted:
                break
            rows = await ask.waiting(session, place, _BATCH)
            for row in rows:
                place = (row.urgency, row.id)
                wanted.discard(row.id)
                given += await self._give(session, floor, row, now)
            await session.flush()
            if len(rows) < _BATCH:
                break
        if given:
            log.info("tickets_assigned", tickets=given)
        return given

    async def _give(
        self, session: AsyncSession, floor: _Floor, row: TicketRow, now: datetime
    ) -> bool:
        before = row.assigned_why or {}
        back = before.get("not")
        choice = await self._choice(session, floor, row, frozenset([back] if back else []))
        why = choice.kept() | ({"not": back} if back else {})
        if choice.agent is None:
            if why != before:
                row.assigned_why = why
            return False
        await self._assign(session, floor, row, choice, why, now)
        return True

    async def _choice(
        self, session: AsyncSession, floor: _Floor, row: TicketRow, excluded: frozenset[str]
    ) -> Choice:
        return choose(
            await ask.ticket_facts(session, row),
            list(floor.agents.values()),
            floor.rules,
            weight=TICKET.get(row.status, 0),
            last=await ask.last_agent(session, row),
            excluded=excluded,
        )

    async def _assign(
        self,
        session: AsyncSession,
        floor: _Floor,
        row: TicketRow,
        choice: Choice,
        why: dict[str, object],
        now: datetime,
    ) -> None:
        name = choice.agent or ""
        change = _system(
            assignee=name,
            team=choice.team,
            assigned_why=why,
            author_name=choice.rule.name if choice.rule else None,
        )
        await history.changed(session, row, change, now)
        floor.give(name, TICKET.get(row.status, 0), now)

    async def _leave_nobody_waiting(
        self, session: AsyncSession, floor: _Floor, now: datetime
    ) -> int:
        """Give the tickets of who has been gone for a while to others, as far as others can take them."""
        gone = {
            row.name: row.status_since
            for row in floor.rows
            if row.status is not AgentStatus.ONLINE and row.status_since + self._grace() <= now
        }
        moved = 0
        if not gone or not floor.has_room:
            return moved
        for row in await ask.held_by(session, gone, statuses=ask.TO_DO):
            left = row.assignee or ""
            # Who was given it while away is expected back.
            if row.assigned_at is not None and row.assigned_at > gone[left]:
                continue
            choice = await self._choice(session, floor, row, frozenset([left]))
            if choice.agent is not None:
                why = choice.kept() | {"from": left, "left": AWAY}
                await self._assign(session, floor, row, choice, why, now)
                moved += 1
        await session.flush()
        return moved

    @staticmethod
    async def _take_from_removed(
        session: AsyncSession, names: Sequence[str], now: datetime
    ) -> None:
        """Take everything from agents who are no more."""
        if not names:
            return
        for row in await ask.held_by(session, names):
            why: dict[str, object] = {
                "by": "rule",
                "from": row.assignee,
                "left": REMOVED,
                "reasons": [],
            }
            await history.changed(session, row, _system(assignee="", assigned_why=why), now)
        await session.flush()


def _ticket_id(row: EventRow) -> int:
    return int(row.data.get("ticket_id") or 0)


def _system(**values: object) -> Change:
    """Return a change that nobody made by hand."""
    known = {"author_name": None, **values}
    return Change(author=EntryAuthor.SYSTEM, **known)  # type: ignore[arg-type]
