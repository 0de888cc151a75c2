"""A database on which everything is tried and nothing is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import deferred
from desk.store.database import Database


class Rehearsal(Database):
    """Takes back every transaction at its end; shares the connections of the database it is given."""

    def __init__(self, database: Database) -> None:
        self.url = database.url
        self.is_sqlite = database.is_sqlite
        self._writer = database._writer
        self._reader = database._reader

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that the database checks in full and then forgets."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session:
            yield session
            # Constraints may be checked only when rows are written, so nothing may stay in memory.
            await session.flush()
            await deferred.write(session)
            await session.rollback()
