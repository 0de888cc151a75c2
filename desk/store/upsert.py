"""Insert or ignore, insert or update: the one place that knows how each database says it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import core
from desk.tables.base import Base, table_of

type Row = Mapping[str, Any]

_MOST_PARAMETERS = 20_000
"""In one statement; both databases stop at about 32,767."""


def _insert(session: AsyncSession, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def insert_new(
    session: AsyncSession, table: type[Base], row: Row, *, unique: Sequence[str]
) -> bool:
    """Insert a row unless one with the same ``unique`` columns exists; return whether it was inserted.

    On PostgreSQL it waits for another transaction that is inserting the same row to end.
    """
    statement = (
        _insert(session, table)
        .values(dict(row))
        .on_conflict_do_nothing(index_elements=list(unique))
        .returning(*(getattr(table, name) for name in unique))
    )
    return (await session.execute(statement)).first() is not None


async def save(
    session: AsyncSession, table: type[Base], rows: Sequence[Row], *, key: Sequence[str]
) -> None:
    """Insert rows, or update those whose ``key`` exists. All rows have the same columns, no key twice."""
    if not rows:
        return
    size = max(1, _MOST_PARAMETERS // len(rows[0]))
    for start in range(0, len(rows), size):
        chunk = [dict(row) for row in rows[start : start + size]]
        statement = _insert(session, table).values(chunk)
        changes = {name: statement.excluded[name] for name in rows[0] if name not in key}
        await session.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changes)
        )


async def insert_missing(session: AsyncSession, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert many rows; those that are there already stay as they are."""
    statement = _insert_missing(session.get_bind().dialect.name, table)
    await core.run(session, statement, rows)


@cache
def _insert_missing(dialect: str, table: type[Base]) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table_of(table)).on_conflict_do_nothing()
    return sqlite.insert(table_of(table)).on_conflict_do_nothing()
