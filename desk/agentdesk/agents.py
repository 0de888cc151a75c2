"""Agents: who they are on the desk's platform and in the console, and whether they are at work."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.agentdesk.port import Person
from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.agent import AgentRow, AgentStatus
from desk.tickets.words import one_line

_SEEN = timedelta(minutes=1)
"""How exactly it is noted when somebody was last here."""


class Agents:
    """Finds, adds and changes agents. A conversation names its agent by the name, which is unique."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self) -> Sequence[AgentRow]:
        """Return all agents by name."""
        async with self._database.read() as session:
            return (await session.scalars(select(AgentRow).order_by(AgentRow.name))).all()

    async def add(
        self,
        *,
        name: str,
        email: str | None = None,
        external_id: str | None = None,
        team: str | None = None,
        capacity: int = 5,
    ) -> AgentRow:
        """Add an agent.

        Raises:
            ConflictError: the name, the address or the id is somebody's already.
        """
        async with self._database.write() as session:
            for column, value in (
                (AgentRow.name, one_line(name, longest=128)),
                (AgentRow.email, _email(email)),
                (AgentRow.external_id, external_id),
            ):
                if value and await session.scalar(select(AgentRow).where(column == value)):
                    raise ConflictError(f"{value} is another agent's {column.key}")
            row = _row(name, email, external_id, self._clock())
            row.team, row.capacity = team, capacity
            session.add(row)
        return row

    async def set_status(self, name: str, status: AgentStatus) -> AgentRow:
        """Say whether an agent is at work; somebody who signed in to the console becomes known by that."""
        async with self._database.write() as session:
            row = await self.named(session, name)
            if row is None:
                row = _row(name, None, None, self._clock())
                session.add(row)
            change_status(session, row, status, self._clock())
        return row

    async def get(self, name: str) -> AgentRow:
        """Return an agent.

        Raises:
            NotFoundError: there is none of that name.
        """
        async with self._database.read() as session:
            row = await self.named(session, name)
        if row is None:
            raise NotFoundError(f"there is no agent {name}")
        return row

    async def free(self, name: str) -> AgentRow:
        """Return an agent who is at work, to be given something.

        Raises:
            NotFoundError: there is none of that name.
            ConflictError: they are not there.
        """
        row = await self.get(name)
        if row.status is not AgentStatus.ONLINE:
            raise ConflictError(f"{row.name} is {row.status}")
        return row

    async def named(self, session: AsyncSession, name: str) -> AgentRow | None:
        """Return an agent by name, whatever the case."""
        query = select(AgentRow).where(func.lower(AgentRow.name) == func.lower(name.strip()))
        return await session.scalar(query.order_by(AgentRow.id).limit(1))

    async def known(self, session: AsyncSession, external_id: str) -> AgentRow | None:
        """Return the agent with an id on the desk's platform."""
        return await session.scalar(select(AgentRow).where(AgentRow.external_id == external_id))

    async def meet(self, session: AsyncSession, person: Person, now: datetime) -> AgentRow:
        """Return the agent that a person of the platform is: by id, else by e-mail, else a new one."""
        row = await self.known(session, person.external_id)
        if row is None and person.email:
            row = await session.scalar(
                select(AgentRow).where(
                    AgentRow.email == _email(person.email), AgentRow.external_id.is_(None)
                )
            )
        if row is None:
            return await self._introduce(session, person, now)
        row.external_id = person.external_id
        seen = row.last_seen_at
        if seen is None or now - seen > _SEEN:
            row.last_seen_at = now
        return row

    async def _introduce(self, session: AsyncSession, person: Person, now: datetime) -> AgentRow:
        """Add somebody; where the name is taken already, it is somebody else's, and theirs gets a number."""
        wanted = one_line(person.name, longest=100) or person.external_id
        taken = await self.named(session, wanted)
        number = 2
        name = wanted
        while taken is not None:
            name, number = f"{wanted} ({number})", number + 1
            taken = await self.named(session, name)
        row = _row(name, person.email, person.external_id, now)
        if row.email and await session.scalar(select(AgentRow).where(AgentRow.email == row.email)):
            row.email = None
        values = {column.key: getattr(row, column.key) for column in AgentRow.__table__.columns}
        await insert_new(session, AgentRow, values, unique=("external_id",))
        found = await self.known(session, person.external_id)
        if found is None:
            raise LookupError("an agent vanished between insert and select")
        return found


def change_status(
    session: AsyncSession, row: AgentRow, status: AgentStatus, now: datetime
) -> None:
    """Note that an agent came or went."""
    row.last_seen_at = now
    if row.status is status:
        return
    row.status, row.status_since = status, now
    data = {"agent": row.name, "status": status}
    events.append(session, Event(name="agent.status_changed", occurred_at=now, data=data))


def _row(name: str, email: str | None, external_id: str | None, now: datetime) -> AgentRow:
    return AgentRow(
        id=new_id(),
        name=one_line(name, longest=128),
        email=_email(email),
        external_id=external_id,
        status=AgentStatus.ONLINE,
        capacity=5,
        status_since=now,
        last_seen_at=now,
        skills=[],
        languages=[],
        regions=[],
    )


def _email(text: str | None) -> str | None:
    return (text or "").strip().lower()[:254] or None
