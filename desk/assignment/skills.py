"""What agents know and how much they can carry, for the rules of assignment."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from desk import events
from desk.clock import Clock
from desk.errors import InvalidError, NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.tables.agent import AgentRow
from desk.tickets.words import tag_of

_MOST, _LARGEST_CAPACITY = 20, 100


@dataclass(frozen=True, kw_only=True)
class AgentSkills:
    """An agent as assignment sees them."""

    name: str
    team: str | None
    status: str
    capacity: int
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    regions: tuple[str, ...]


class Skills:
    """Lists and changes what agents know."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self) -> tuple[AgentSkills, ...]:
        """Return all agents by name."""
        async with self._database.read() as session:
            rows = await session.scalars(select(AgentRow).order_by(AgentRow.name))
            return tuple(_skills(row) for row in rows)

    async def set(
        self,
        name: str,
        *,
        skills: Iterable[str],
        languages: Iterable[str],
        regions: Iterable[str],
        capacity: int,
        by: str,
    ) -> AgentSkills:
        """Change what an agent knows.

        Raises:
            NotFoundError: there is no such agent.
            InvalidError: the capacity is not from 0 to 100, or there are too many words.
        """
        if not 0 <= capacity <= _LARGEST_CAPACITY:
            raise InvalidError(f"a capacity is from 0 to {_LARGEST_CAPACITY}")
        now = self._clock()
        async with self._database.write() as session:
            row = await session.scalar(
                select(AgentRow).where(AgentRow.name == name).with_for_update()
            )
            if row is None:
                raise NotFoundError(f"there is no agent {name}")
            row.skills, row.languages = _words(skills), _words(languages)
            row.regions = [one.upper() for one in _words(regions)]
            row.capacity = capacity
            data = {"agent": row.name, "by": by, "capacity": capacity}
            events.append(session, Event(name="agent.changed", occurred_at=now, data=data))
            return _skills(row)


def _words(given: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(word for word in map(tag_of, given) if word))
    if len(found) > _MOST:
        raise InvalidError(f"at most {_MOST} words")
    return found


def _skills(row: AgentRow) -> AgentSkills:
    return AgentSkills(
        name=row.name,
        team=row.team,
        status=row.status.value,
        capacity=row.capacity,
        skills=tuple(row.skills or ()),
        languages=tuple(row.languages or ()),
        regions=tuple(row.regions or ()),
    )
