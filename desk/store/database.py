"""One door to the database: a transaction to write in, one to read in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)

from desk.errors import SettingsError
from desk.store import deferred, json, sqlite

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


def parse_url(text_url: str) -> URL:
    """Return the URL with our driver for its database.

    Raises:
        SettingsError: it is not a SQLite or PostgreSQL URL.
    """
    try:
        url = make_url(text_url)
    except ArgumentError as error:
        raise SettingsError(
            f"FRONTDESK_DATABASE_URL is not a database URL: {text_url!r}"
        ) from error
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise SettingsError("FRONTDESK_DATABASE_URL must start with sqlite:/// or postgresql://")
    if driver.startswith("sqlite") and not url.database:
        raise SettingsError("FRONTDESK_DATABASE_URL needs a file: sqlite:///var/frontdesk.sqlite")
    return url.set(drivername=driver)


class Database:
    """Gives transactions. SQLite has one writer at a time, PostgreSQL many."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            # One connection, so writers queue here in order instead of fighting for SQLite's lock.
            self._writer = sqlite.create_engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite.create_engine(self.url, begin="BEGIN", pool_size=4)
            self._appender = self._writer
        else:
            self._writer = create_async_engine(
                self.url,
                pool_size=pool_size,
                pool_pre_ping=True,
                json_serializer=json.dumps,
                json_deserializer=json.loads,
            )
            self._reader = self._writer
            self._appender = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; it is committed at the end of the block, rolled back on an error."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            await deferred.write(session)

    @asynccontextmanager
    async def append(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction for a single statement, without the ORM; PostgreSQL then needs no BEGIN and COMMIT."""
        async with self._appender.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction to read in; nothing is committed."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    async def ping(self) -> None:
        """Ask the database for one row; raises whatever the driver raises."""
        async with self.read() as session:
            await session.scalar(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
