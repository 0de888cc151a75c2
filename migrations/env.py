"""Alembic's environment: the same engine as the application, so that SQLite is the safe one."""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, event

from desk import settings, tables
from desk.store.database import Database
from desk.tables.base import UtcDateTime


def _render(kind: str, item: Any, generated: Any) -> str | Literal[False]:
    """Write our types in a migration as what they are in the database, so that it needs no code of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and "JSON" in repr(item):
        generated.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def _is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out the index of words, which a test of its own compares (tests/desk/test_words_index.py)."""
    return not (kind in ("table", "index") and "_words" in (name or ""))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_render,
        include_name=_is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


def _let_go(connection: Any, _record: Any) -> None:
    """Leave foreign keys alone: SQLite changes a column by a new table, and with the old one goes what names it."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _check(connection: Connection) -> None:
    """Take everything back if a row names one that is not there."""
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if lost:
        raise RuntimeError(f"the migration would leave {len(lost)} rows without what they name")


async def _migrate(url: str) -> None:
    database = Database(url)
    if database.is_sqlite:
        event.listen(database.engine.sync_engine, "connect", _let_go)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(_run)
            if database.is_sqlite:
                await connection.run_sync(_check)
    finally:
        await database.close()


asyncio.run(
    _migrate(context.config.attributes.get("database_url") or settings.load().database_url)
)
