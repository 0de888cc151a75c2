"""The rules of assignment and priority: kept in rows, changed in the console, asked in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events, ordering
from desk.assignment.choose import AssignmentRule
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.tables.routing import AssignmentRuleRow, PriorityRuleRow
from desk.tables.ticket import TicketPriority
from desk.tickets.matching import Words, when_of
from desk.tickets.priority import PriorityRule
from desk.tickets.words import one_line, one_of

_MOST = 100

type AnyRow = AssignmentRuleRow | PriorityRuleRow
KINDS: dict[str, type[AnyRow]] = {"assignment": AssignmentRuleRow, "priority": PriorityRuleRow}


class AssignTo(BaseModel):
    """Whom a rule of assignment wants."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    skills: Words = ()
    team: Annotated[str, Field(max_length=64)] | None = None
    agents: Words = ()


@dataclass(frozen=True, kw_only=True)
class RuleEntry:
    """A rule as the console shows it; ``then`` is whom or which priority it gives."""

    id: int
    kind: str
    name: str
    position: int
    when: Mapping[str, Any]
    then: Mapping[str, Any]
    waits: bool
    is_on: bool
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class RuleDraft:
    """A rule as somebody wants it."""

    name: str
    when: Mapping[str, Any]
    then: Mapping[str, Any]
    waits: bool = False
    is_on: bool = True


class TicketRules:
    """Lists, adds, changes, moves and removes rules. Contradictions cannot be: the first rule that fits counts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, kind: str) -> tuple[RuleEntry, ...]:
        """Return the rules of a kind, ``assignment`` or ``priority``, in their order."""
        async with self._database.read() as session:
            return tuple(_entry(kind, row) for row in await _rows(session, kind))

    async def save(self, kind: str, draft: RuleDraft, *, by: str, id_: int | None = None) -> int:
        """Add a rule at the end, or change one; return its id.

        Raises:
            InvalidError: something in it is not valid, or there are too many.
            ConflictError: another rule has that name.
            NotFoundError: there is no such rule.
        """
        name, values = one_line(draft.name, longest=80), _values(kind, draft)
        if not name:
            raise InvalidError("a rule needs a name")
        async with self._database.write() as session:
            rows = await _rows(session, kind, lock=True)
            if any(row.name == name and row.id != id_ for row in rows):
                raise ConflictError(f"there is a rule {name} already")
            row = next((one for one in rows if one.id == id_), None)
            if id_ is not None and row is None:
                raise NotFoundError(f"there is no rule {id_}")
            if row is None:
                if len(rows) >= _MOST:
                    raise InvalidError(f"there are {_MOST} rules already")
                row = KINDS[kind](position=1 + max((one.position for one in rows), default=0))
                session.add(row)
            for key, value in {**values, "name": name, "is_on": draft.is_on}.items():
                setattr(row, key, value)
            self._note(session, row, kind, by)
            await session.flush()
            return row.id

    async def move(self, kind: str, id_: int, *, up: bool, by: str) -> None:
        """Change places with the rule before or after; at the end of the list nothing happens."""
        async with self._database.write() as session:
            rows = list(await _rows(session, kind, lock=True))
            before = [row.id for row in rows]
            moved = ordering.move(rows, id_, -1 if up else 1)
            if moved is None:
                raise NotFoundError(f"there is no rule {id_}")
            if before != [row.id for row in rows]:
                self._note(session, moved, kind, by)

    async def remove(self, kind: str, id_: int, *, by: str) -> None:
        """Remove a rule; raises NotFoundError when there is none."""
        async with self._database.write() as session:
            rows = await _rows(session, kind, lock=True)
            row = next((one for one in rows if one.id == id_), None)
            if row is None:
                raise NotFoundError(f"there is no rule {id_}")
            self._note(session, row, kind, by)
            await session.delete(row)

    def _note(self, session: AsyncSession, row: AnyRow, kind: str, by: str) -> None:
        now = self._clock()
        row.changed_at, row.changed_by = now, by[:128]
        data = {"kind": kind, "rule": row.name, "by": by}
        events.append(session, Event(name="rule.changed", occurred_at=now, data=data))


async def assignment_rules(session: AsyncSession) -> list[AssignmentRule]:
    """Return the rules of assignment that are on, in their order."""
    found = []
    for row in await _rows(session, "assignment"):
        if isinstance(row, AssignmentRuleRow) and row.is_on:
            wanted = AssignTo.model_validate(row.wanted)
            found.append(
                AssignmentRule(
                    id=row.id,
                    name=row.name,
                    when=when_of(row.when),
                    skills=frozenset(wanted.skills),
                    team=wanted.team or None,
                    agents=frozenset(wanted.agents),
                    waits=row.waits,
                )
            )
    return found


async def priority_rules(session: AsyncSession) -> list[PriorityRule]:
    """Return the rules of priority that are on, in their order."""
    return [
        PriorityRule(id=row.id, name=row.name, when=when_of(row.when), priority=row.priority)
        for row in await _rows(session, "priority")
        if isinstance(row, PriorityRuleRow) and row.is_on
    ]


def _table(kind: str) -> type[AnyRow]:
    if kind not in KINDS:
        raise NotFoundError(f"there are no rules of {kind}")
    return KINDS[kind]


async def _rows(session: AsyncSession, kind: str, *, lock: bool = False) -> Sequence[AnyRow]:
    table: Any = _table(kind)
    query = select(table).order_by(table.position, table.id)
    found: Sequence[AnyRow] = (
        await session.scalars(query.with_for_update() if lock else query)
    ).all()
    return found


def _values(kind: str, draft: RuleDraft) -> dict[str, Any]:
    when = when_of(draft.when).model_dump(mode="json", exclude_defaults=True)
    if kind == "priority":
        return {"when": when, "priority": one_of(TicketPriority, draft.then.get("priority", ""))}
    try:
        wanted = AssignTo.model_validate(draft.then)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return {
        "when": when,
        "wanted": wanted.model_dump(mode="json", exclude_defaults=True),
        "waits": draft.waits,
    }


def _entry(kind: str, row: AnyRow) -> RuleEntry:
    entry = RuleEntry(
        id=row.id,
        kind=kind,
        name=row.name,
        position=row.position,
        when=row.when,
        then={},
        waits=False,
        is_on=row.is_on,
        changed_by=row.changed_by,
    )
    if isinstance(row, AssignmentRuleRow):
        return replace(entry, then=row.wanted, waits=row.waits)
    return replace(entry, then={"priority": row.priority.value})
