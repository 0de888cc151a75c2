"""Questions about rules, runs and tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from desk.automation import actions
from desk.automation.model import Rule, Run, Waited, read
from desk.store.upsert import insert_new
from desk.tables.automation import AutomationRuleRow, AutomationRunRow, RunState
from desk.tables.event import EventRow
from desk.tables.ticket import EntryKind, TicketEntryRow, TicketRow
from desk.tickets.numbers import ticket_number

_EARLIER = aliased(AutomationRunRow, name="e")
ENTRIES: dict[str, EntryKind] = {
    "status": EntryKind.STATUS,
    "priority": EntryKind.PRIORITY,
    "assignee": EntryKind.ASSIGNEE,
    "team": EntryKind.TEAM,
}
"""Which lines of a ticket's history say since when a field is as it is."""


async def rule_rows(session: AsyncSession) -> Sequence[AutomationRuleRow]:
    """Return all rules in order."""
    query = select(AutomationRuleRow).order_by(AutomationRuleRow.position, AutomationRuleRow.id)
    return (await session.scalars(query)).all()


async def rules(session: AsyncSession) -> tuple[Rule, ...]:
    """Return all rules in order as values."""
    return tuple(rule(row) for row in await rule_rows(session))


def rule(row: AutomationRuleRow) -> Rule:
    """Return a row as a value."""
    when: Any = row.events
    if row.waited:
        when = {
            "field": row.waited["field"],
            "value": row.waited["value"],
            "for": f"{row.waited['seconds']}s",
        }
    found = read(
        {
            "name": row.name,
            "enabled": row.enabled,
            "stop": row.stop,
            "when": when,
            "if": row.condition,
            "then": row.actions,
        }
    )
    return replace(
        found,
        id=row.id,
        failures=row.failures,
        off_reason=row.off_reason,
        updated_at=row.updated_at,
        by=row.by,
    )


def columns(given: Rule) -> dict[str, Any]:
    """Return a rule as it is kept."""
    waited = given.waited
    return {
        "name": given.name,
        "enabled": given.enabled,
        "stop": given.stop,
        "events": list(given.events),
        "waited": {
            "field": waited.field,
            "value": waited.value,
            "seconds": round(waited.span.total_seconds()),
        }
        if waited
        else None,
        "condition": dict(given.written_condition),
        "actions": [actions.written(one) for one in given.actions],
    }


async def add_run(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Add a run unless the rule has one with its key."""
    row = {"outcomes": [], "attempts": 0, "reason": None, **values}
    return await insert_new(session, AutomationRunRow, row, unique=("rule_id", "key"))


async def recent(
    session: AsyncSession, rule_id: int, subject: str, now: datetime, span: timedelta
) -> int:
    """Return how often a rule was about somebody lately."""
    query = select(func.count()).where(
        AutomationRunRow.rule_id == rule_id,
        AutomationRunRow.subject == subject,
        AutomationRunRow.created_at > now - span,
    )
    return await session.scalar(query) or 0


async def next_run(
    session: AsyncSession, now: datetime
) -> tuple[AutomationRunRow, AutomationRuleRow] | None:
    """Return a run whose turn it is, locked, with its rule.

    A run waits for earlier ones about the same subject until those were tried once.
    """
    this, before = AutomationRunRow, _EARLIER
    row = await session.scalar(
        select(this)
        .where(
            text("automation_run.state = 'queued'"),
            this.not_before <= now,
            ~exists().where(
                text("e.state = 'queued'"),
                before.subject == this.subject,
                before.id < this.id,
                before.attempts == 0,
            ),
        )
        .order_by(this.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=this)
    )
    if row is None:
        return None
    query = select(AutomationRuleRow).where(AutomationRuleRow.id == row.rule_id)
    found = await session.scalar(query.with_for_update())
    return (row, found) if found else None


async def runs(
    session: AsyncSession,
    *,
    rule_id: int | None,
    state: RunState | None,
    ticket_id: int | None = None,
    before: int | None,
    limit: int,
) -> list[Run]:
    """Return runs, newest first."""
    query = select(AutomationRunRow, AutomationRuleRow.name).join(
        AutomationRuleRow, AutomationRuleRow.id == AutomationRunRow.rule_id
    )
    for wanted, column in (
        (rule_id, AutomationRunRow.rule_id),
        (state, AutomationRunRow.state),
        (ticket_id, AutomationRunRow.ticket_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(AutomationRunRow.id < before)
    rows = await session.execute(query.order_by(AutomationRunRow.id.desc()).limit(limit))
    return [_run(row, name) for row, name in rows]


def _run(row: AutomationRunRow, name: str) -> Run:
    return Run(
        id=row.id,
        rule_id=row.rule_id,
        rule=name,
        event=row.event,
        event_id=row.event_id,
        chain=tuple(row.chain),
        ticket=ticket_number(row.ticket_id) if row.ticket_id else None,
        conversation_id=row.conversation_id,
        state=row.state,
        reason=row.reason,
        outcomes=tuple(row.outcomes),
        attempts=row.attempts,
        created_at=row.created_at,
        done_at=row.done_at,
    )


async def counts(session: AsyncSession, since: datetime) -> dict[int, dict[str, int]]:
    """Return how many runs of each rule there were since, by state."""
    rows = await session.execute(
        select(AutomationRunRow.rule_id, AutomationRunRow.state, func.count())
        .where(AutomationRunRow.created_at > since)
        .group_by(AutomationRunRow.rule_id, AutomationRunRow.state)
    )
    found: dict[int, dict[str, int]] = {}
    for rule_id, state, number in rows:
        found.setdefault(rule_id, {})[state] = number
    return found


async def waiting(
    session: AsyncSession, rule_id: int, waited: Waited, now: datetime, most: int
) -> list[tuple[TicketRow, datetime]]:
    """Return tickets that have been in a state for long enough and were not acted on in it, with since when."""
    since = _since(waited.field)
    column = getattr(TicketRow, waited.field)
    in_state = column == waited.value if waited.value else func.coalesce(column, "") == ""
    rows = await session.execute(
        select(TicketRow, since.label("since"))
        .where(
            in_state,
            TicketRow.merged_into.is_(None),
            since <= now - waited.span,
            ~exists().where(
                AutomationRunRow.rule_id == rule_id,
                AutomationRunRow.subject == TicketRow.conversation_id,
                AutomationRunRow.ticket_id == TicketRow.id,
                AutomationRunRow.created_at > since,
            ),
        )
        .order_by(TicketRow.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def _since(field: str) -> ScalarSelect[datetime]:
    """Return since when a field of a ticket is as it is: when it was last changed, or the ticket opened."""
    return (
        select(func.max(TicketEntryRow.created_at))
        .where(
            TicketEntryRow.ticket_id == TicketRow.id,
            TicketEntryRow.kind.in_((EntryKind.CREATED, ENTRIES[field])),
        )
        .correlate(TicketRow)
        .scalar_subquery()
    )


async def history(
    session: AsyncSession, field: str, after_id: int, most: int
) -> list[tuple[TicketRow, list[tuple[datetime, str | None]]]]:
    """Return tickets by id with all values that a field has had, each with since when, from the opening on."""
    tickets = (
        await session.scalars(
            select(TicketRow).where(TicketRow.id > after_id).order_by(TicketRow.id).limit(most)
        )
    ).all()
    kind = ENTRIES[field]
    rows = await session.scalars(
        select(TicketEntryRow)
        .where(
            TicketEntryRow.ticket_id.in_([one.id for one in tickets]), TicketEntryRow.kind == kind
        )
        .order_by(TicketEntryRow.id)
    )
    changes: dict[int, list[TicketEntryRow]] = {}
    for row in rows:
        changes.setdefault(row.ticket_id, []).append(row)
    return [(one, _values(one, field, changes.get(one.id, []))) for one in tickets]


def _values(
    ticket: TicketRow, field: str, changes: Sequence[TicketEntryRow]
) -> list[tuple[datetime, str | None]]:
    first = changes[0].old if changes else getattr(ticket, field)
    return [(ticket.created_at, first), *((one.created_at, one.new) for one in changes)]


async def past_events(
    session: AsyncSession, names: Sequence[str], since: datetime, after_id: int, most: int
) -> Sequence[EventRow]:
    """Return events of these names since a time, oldest first."""
    query = (
        select(EventRow)
        .where(EventRow.name.in_(names), EventRow.occurred_at >= since, EventRow.id > after_id)
        .order_by(EventRow.id)
        .limit(most)
    )
    return (await session.scalars(query)).all()


async def ticket(session: AsyncSession, ticket_id: int) -> TicketRow | None:
    """Return a ticket."""
    return await session.get(TicketRow, ticket_id)
