"""The triggers that write down whose rows have changed: made alike by migrations and by the tables."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, text

from app import migrate
from desk.store.database import Database
from desk.tables.changes import SOURCES


def _shape(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_changed\\_%' ESCAPE '\\'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%\\_changed'"
    return sorted(str(row[0]) for row in connection.execute(text(query)))


async def _look(database: Database) -> list[str]:
    async with database.engine.connect() as connection:
        return await connection.run_sync(_shape)


async def test_migrations_make_the_same_triggers(database: Database, tmp_path: Path) -> None:
    """A later migration that makes a table anew on SQLite loses its triggers, unless it makes them again."""
    wanted = await _look(database)
    if not database.is_sqlite:
        # The statements are the same list; that they ran is seen in the database.
        assert wanted == sorted(source.name for source in SOURCES)
        return
    url = f"sqlite:///{tmp_path / 'migrated.sqlite'}"
    await asyncio.to_thread(migrate.upgrade, url)
    migrated = Database(url)
    made = await _look(migrated)
    await migrated.close()
    assert made == wanted
    assert len(wanted) == 3 * len(SOURCES) - 2
