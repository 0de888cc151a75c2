"""Alembic's environment: the same engine as the application, so that SQLite is the safe one."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from desk import settings, tables
from desk.store.database import Database


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
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


asyncio.run(_migrate(context.config.attributes.get("database_url") or settings.load().database_url))
