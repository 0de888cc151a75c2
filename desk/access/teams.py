"""Teams that the console may change, beside those of the rules file."""

from collections.abc import Sequence

from sqlalchemy import select

from desk.access import audit
from desk.access.names import display_name
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.access import TeamRow
from desk.tickets.words import one_line


class Teams:
    """Adds and removes teams."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self) -> Sequence[TeamRow]:
        """Return the teams by name."""
        async with self._database.read() as session:
            return (await session.scalars(select(TeamRow).order_by(TeamRow.name))).all()

    async def add(self, name: str, channel: str, *, by: str) -> None:
        """Add a team.

        Raises:
            InvalidError: it has no name.
            ConflictError: there is one of that name.
        """
        name = display_name(name)
        if not name:
            raise InvalidError("a team needs a name")
        async with self._database.write() as session:
            if await session.get(TeamRow, name):
                raise ConflictError(f"there is a team {name} already")
            now = self._clock()
            place = one_line(channel, longest=128) or None
            session.add(TeamRow(name=name, channel=place, created_at=now))
            await audit.note(session, by=by, deed="team.added", thing=f"team:{name}", now=now)

    async def remove(self, name: str, *, by: str) -> None:
        """Remove a team, or raise NotFoundError."""
        async with self._database.write() as session:
            row = await session.get(TeamRow, name)
            if row is None:
                raise NotFoundError(f"there is no team {name}")
            await session.delete(row)
            await audit.note(
                session, by=by, deed="team.removed", thing=f"team:{name}", now=self._clock()
            )
