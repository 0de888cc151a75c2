"""Alembic's environment: the same engine as the application, so that SQLite is the safe one."""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

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


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


asyncio.run(
    _migrate(context.config.attributes.get("database_url") or settings.load().database_url)
)
