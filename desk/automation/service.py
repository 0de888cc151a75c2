"""Rules are made, changed, tried out and looked at here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import ordering
from desk.access import audit
from desk.automation import repository
from desk.automation.check import Finding, check, missing
from desk.automation.dry_run import DryRun, Outlook
from desk.automation.facts import IsOpen
from desk.automation.model import Rule, Run, read
from desk.automation.staff import Names, Staff
from desk.automation.yaml_text import load
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.automation import AutomationRuleRow, RunState

LONGEST_LOOK = 365
"""Days that a dry run may look back."""
MOST_RULES = 200
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How many rules a file made and changed."""

    added: int
    changed: int


class Rules:
    """Everything about rules, for pages and commands."""

    def __init__(self, database: Database, clock: Clock, *, staff: Staff, is_open: IsOpen) -> None:
        self._database = database
        self._clock = clock
        self._staff = staff
        self._is_open = is_open

    async def list(self) -> tuple[Rule, ...]:
        """Return all rules in order."""
        async with self._database.read() as session:
            return await repository.rules(session)

    async def get(self, rule_id: int) -> Rule:
        """Return a rule, or raise NotFoundError."""
        async with self._database.read() as session:
            return repository.rule(await _row(session, rule_id))

    async def names(self) -> Names:
        """Return who can be named in a rule."""
        async with self._database.read() as session:
            return await self._staff.names(session)

    async def draft(self, given: Mapping[str, Any]) -> Rule:
        """Check a rule as people write it, with whom it names; nothing is kept.

        Raises:
            InvalidError: something is wrong; the message says what.
        """
        async with self._database.read() as session:
            return await self._checked(session, given)

    async def save(self, given: Mapping[str, Any], *, by: str, rule_id: int | None = None) -> Rule:
        """Keep a rule, a new one as the last.

        Raises:
            InvalidError: something is wrong; the message says what.
            ConflictError: another rule has the name, or there are too many.
        """
        now = self._clock()
        async with self._database.write() as session:
            rule = await self._checked(session, given)
            rows = await repository.rule_rows(session)
            if any(row.name == rule.name and row.id != rule_id for row in rows):
                raise ConflictError(f"there is a rule {rule.name!r} already")
            row = None if rule_id is None else await _row(session, rule_id)
            kept = await _keep(session, row, rule, rows, by, now)
            return repository.rule(kept)

    async def _checked(self, session: AsyncSession, given: Mapping[str, Any]) -> Rule:
        rule = read(given)
        found = next(missing([rule], await self._staff.names(session)), None)
        if found is not None:
            raise InvalidError(found.text)
        return rule

    async def switch(self, rule_id: int, *, on: bool, by: str) -> None:
        """Switch a rule on or off; its failures are forgotten."""
        now = self._clock()
        async with self._database.write() as session:
            row = await _row(session, rule_id)
            row.enabled, row.failures, row.off_reason = on, 0, None
            row.updated_at, row.by = now, by
            await _note(session, by, rule_id, {"enabled": on}, now)

    async def delete(self, rule_id: int, *, by: str) -> None:
        """Forget a rule and its runs."""
        async with self._database.write() as session:
            await session.delete(await _row(session, rule_id))
            await _note(session, by, rule_id, {"deleted": True}, self._clock())

    async def move(self, rule_id: int, step: int, *, by: str) -> None:
        """Move a rule up (-1) or down (1) in the order."""
        async with self._database.write() as session:
            rows = list(await repository.rule_rows(session))
            if ordering.move(rows, rule_id, step) is None:
                raise NotFoundError(f"There is no rule {rule_id}.")
            await _note(session, by, rule_id, {"moved": step}, self._clock())

    async def check(self) -> Sequence[Finding]:
        """Return what is odd about the rules."""
        async with self._database.read() as session:
            return check(await repository.rules(session), await self._staff.names(session))

    async def runs(
        self,
        *,
        rule_id: int | None = None,
        state: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Run]:
        """Return 1 to 200 runs, newest first; ``before`` is the last one's id of the page before."""
        if state and state not in tuple(RunState):
            raise InvalidError(f"{state!r} is none of: {', '.join(RunState)}")
        async with self._database.read() as session:
            return await repository.runs(
                session,
                rule_id=rule_id,
                state=RunState(state) if state else None,
                before=before,
                limit=max(1, min(limit, _MOST)),
            )

    async def counts(self, days: int = 7) -> dict[int, dict[str, int]]:
        """Return how many runs each rule had lately, by state."""
        async with self._database.read() as session:
            return await repository.counts(session, self._clock() - timedelta(days=days))

    async def dry_run(self, days: int, rules: Sequence[Rule] | None = None) -> Outlook:
        """Return what rules would have done in the last days; without any named, those that are on."""
        if not 1 <= days <= LONGEST_LOOK:
            raise InvalidError(f"a dry run looks back 1 to {LONGEST_LOOK} days")
        if rules is None:
            rules = [rule for rule in await self.list() if rule.enabled]
        now = self._clock()
        return await DryRun(self._database, self._is_open).over(
            rules, now - timedelta(days=days), now
        )

    async def export(self) -> str:
        """Return all rules as YAML."""
        rules = [rule.written() for rule in await self.list()]
        return yaml.safe_dump(
            {"rules": rules}, allow_unicode=True, sort_keys=False, default_flow_style=False
        )

    async def import_(self, text: str, *, by: str) -> Imported:
        """Keep all rules of a YAML file, in its order before any others; one with a known name is changed.

        Raises:
            InvalidError: it is no such file, or a rule is wrong; nothing is kept then.
        """
        written = _rules_of(text)
        now, added = self._clock(), 0
        async with self._database.write() as session:
            rows = await repository.rule_rows(session)
            known = {row.name: row for row in rows}
            order = []
            for number, given in enumerate(written, 1):
                try:
                    rule = await self._checked(session, given)
                except InvalidError as error:
                    raise InvalidError(f"rule {number}: {error}") from error
                added += rule.name not in known
                order.append(await _keep(session, known.get(rule.name), rule, rows, by, now))
            first = {row.id for row in order}
            for number, row in enumerate([*order, *(r for r in rows if r.id not in first)], 1):
                row.position = number
        return Imported(added=added, changed=len(written) - added)


def _rules_of(text: str) -> list[Mapping[str, Any]]:
    content = load(text)
    rules = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules):
        raise InvalidError("write rules: and below it a list of rules")
    names = [str(one.get("name")) for one in rules]
    if len(names) != len(set(names)):
        raise InvalidError("two rules have the same name")
    return rules


async def _keep(
    session: AsyncSession,
    row: AutomationRuleRow | None,
    rule: Rule,
    rows: Sequence[AutomationRuleRow],
    by: str,
    now: datetime,
) -> AutomationRuleRow:
    if row is None:
        if len(rows) >= MOST_RULES:
            raise ConflictError(f"there are {MOST_RULES} rules already")
        last = max((one.position for one in rows), default=0)
        row = AutomationRuleRow(position=last + 1, created_at=now)
        session.add(row)
    for name, value in repository.columns(rule).items():
        setattr(row, name, value)
    row.failures, row.off_reason = 0, None
    row.updated_at, row.by = now, by
    await session.flush()
    await _note(session, by, row.id, {"enabled": rule.enabled}, now)
    return row


async def _note(
    session: AsyncSession, by: str, rule_id: int, detail: dict[str, Any], now: datetime
) -> None:
    await audit.note(
        session, by=by, deed="rule.change", thing=f"rule:{rule_id}", detail=detail, now=now
    )


async def _row(session: AsyncSession, rule_id: int) -> AutomationRuleRow:
    row = await session.scalar(
        select(AutomationRuleRow).where(AutomationRuleRow.id == rule_id).with_for_update()
    )
    if row is None:
        raise NotFoundError(f"There is no rule {rule_id}.")
    return row
