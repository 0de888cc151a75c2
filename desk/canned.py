"""Saved replies: what agents say again and again, with the customer's name and numbers filled in."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk.rules import DeskRules
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.console import CannedRow
from desk.tickets.words import one_line, shown_text

VARIABLES = ("customer", "agent", "order", "ticket")
LONGEST = 4_000
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class UnknownVariableError(InvalidError):
    """There is no such variable; use {customer}, {agent}, {order} or {ticket}."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A saved reply. ``id`` is None for one of the rules' file; ``owner`` is empty when it is everybody's."""

    id: int | None
    name: str
    en: str
    zh: str
    owner: str = ""

    def text(self, language: str) -> str:
        """Return it in a language, or in the other one if that is all there is."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables filled in; what is not known is left for the agent to see."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)


class Canned:
    """Keeps saved replies; those of the rules' file stand among them and are changed there."""

    def __init__(
        self, database: Database, clock: Clock, rules: Callable[[], DeskRules] = DeskRules
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules

    async def of(self, agent: str) -> Sequence[Reply]:
        """Return what an agent may say: their own, everybody's and the file's, by name."""
        query = select(CannedRow).where(or_(CannedRow.owner == agent, CannedRow.owner == ""))
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        kept = [
            Reply(id=row.id, name=row.name, en=row.en, zh=row.zh, owner=row.owner) for row in rows
        ]
        in_file = [
            Reply(id=None, name=name, en=text.en, zh=text.zh)
            for name, text in self._rules().replies.items()
        ]
        return sorted([*kept, *in_file], key=lambda one: (one.name.lower(), one.owner))

    async def get(self, reply_id: int) -> Reply:
        """Return one that is kept here; NotFoundError when there is none."""
        async with self._database.read() as session:
            row = await _one(session, reply_id)
        return Reply(id=row.id, name=row.name, en=row.en, zh=row.zh, owner=row.owner)

    async def save(
        self, reply_id: int | None, *, name: str, en: str, zh: str, owner: str, by: str
    ) -> None:
        """Add a reply, or change one.

        Raises:
            InvalidError: it has no name, no text, or a variable that there is not.
            ConflictError: another one has this name.
        """
        name, en, zh = one_line(name, longest=60), shown_text(en), shown_text(zh)
        _check(name, en, zh)
        async with self._database.write() as session:
            same = select(CannedRow.id).where(CannedRow.owner == owner, CannedRow.name == name)
            taken = await session.scalar(same)
            if taken is not None and taken != reply_id:
                raise ConflictError(f"there is a reply {name} already")
            row = CannedRow() if reply_id is None else await _one(session, reply_id)
            row.name, row.en, row.zh, row.owner = name, en, zh, owner
            row.updated_by, row.updated_at = by, self._clock()
            session.add(row)

    async def remove(self, reply_id: int) -> None:
        """Take one away; NotFoundError when there is none."""
        async with self._database.write() as session:
            await session.delete(await _one(session, reply_id))


def _check(name: str, en: str, zh: str) -> None:
    if not name or not (en or zh) or max(len(en), len(zh)) > LONGEST:
        raise InvalidError("a saved reply has a name and a text of at most 4,000 characters")
    if set(_PLACEHOLDER.findall(en + zh)) - set(VARIABLES):
        raise UnknownVariableError


async def _one(session: AsyncSession, reply_id: int) -> CannedRow:
    row = await session.get(CannedRow, reply_id)
    if row is None:
        raise NotFoundError(f"there is no saved reply {reply_id}")
    return row
