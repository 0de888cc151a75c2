"""SQLite for one writer: a current library, WAL, and a sync at every commit.

The standard library's module may carry a SQLite with the WAL-reset bug (fixed in 3.51.3), so the ``pysqlite3`` wheel
is used. ``synchronous=FULL`` because NORMAL forgets acknowledged rows at a power cut.

Statements run on the event loop itself: they take microseconds, a hop to a thread and back a hundred times as much,
and a turn has dozens of them. What waits for the disk or for another process does leave the loop: COMMIT runs in a
thread, and BEGIN sleeps between tries while somebody else writes. See ``docs/decisions/0004-sqlite-inline.md``.
"""

import asyncio
import time
from typing import Any

from pysqlite3 import dbapi2
from sqlalchemy import Connection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

from desk.errors import SettingsError
from desk.store import json

OLDEST_SAFE = (3, 51, 3)
PATIENCE = 10.0
"""Seconds to wait for another process to end its transaction."""

PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "temp_store": "MEMORY",
    # A wait in SQLite blocks the event loop. BEGIN tries again by itself, and after it nothing is locked.
    "busy_timeout": "0",
}


class _Cursor(dbapi2.Cursor):  # type: ignore[misc]
    """A cursor with the one method that SQLAlchemy's async side expects of it besides."""

    async def _async_soft_close(self) -> None:
        """Leave it open: rows come straight from SQLite, not out of a buffer that was filled before."""


class _Connection(dbapi2.Connection):  # type: ignore[misc]
    def cursor(self, factory: type[_Cursor] = _Cursor) -> Any:
        return super().cursor(factory)


class InlineSQLite(SQLiteDialect_pysqlite):
    """SQLAlchemy's SQLite dialect, usable under an async engine without a thread for each statement."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """Use the wheel's SQLite."""
        return dbapi2

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """Wait for connections without blocking the loop."""
        return AsyncAdaptedQueuePool

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit in a thread: this is where the disk is waited for."""
        await_only(asyncio.get_running_loop().run_in_executor(None, dbapi_connection.commit))

    def get_driver_connection(self, connection: Any) -> Any:
        """Return the driver's own connection, which is not wrapped."""
        return connection


def check_version() -> None:
    """Refuse a SQLite that can corrupt a WAL database.

    Raises:
        SettingsError: the library is older than 3.51.3.
    """
    if dbapi2.sqlite_version_info < OLDEST_SAFE:
        version = ".".join(str(part) for part in dbapi2.sqlite_version_info)
        raise SettingsError(
            f"SQLite {version} can corrupt a WAL database; install pysqlite3 >= 0.6.1"
        )


def create_engine(url: URL, *, begin: str, pool_size: int) -> AsyncEngine:
    """Return an engine whose transactions start with ``begin`` (``BEGIN`` or ``BEGIN IMMEDIATE``)."""
    check_version()
    registry.register("sqlite.inline", __name__, InlineSQLite.__name__)
    engine = create_async_engine(
        url.set(drivername="sqlite+inline"),
        connect_args={
            "factory": _Connection,
            "isolation_level": None,
            "check_same_thread": False,
        },
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        json_serializer=json.dumps,
        json_deserializer=json.loads,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for name, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                connection.exec_driver_sql(begin)
            except OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                await_only(asyncio.sleep(0.01))
            else:
                return

    return engine
