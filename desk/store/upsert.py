"""Insert or ignore, insert or update: the one place that knows how each database says it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import core
from desk.tables.base import Base, table_of

type Row = Mapping[str, Any]


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
    await session.flush()  # what the rows refer to may wait to be written
    statement = _save(session.get_bind().dialect.name, table, tuple(rows[0]), tuple(key))
    await core.run(session, statement, rows)


@cache
def _save(dialect: str, table: type[Base], names: tuple[str, ...], key: tuple[str, ...]) -> Insert:
    # One row's statement, run with many: to write a statement of all rows costs more than to run it.
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table_of(table)).values({name: bindparam(name) for name in names})
    changes = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)


async def insert_missing(session: AsyncSession, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert many rows; those that are there already stay as they are."""
    statement = _insert_missing(session.get_bind().dialect.name, table)
    await core.run(session, statement, rows)


@cache
def _insert_missing(dialect: str, table: type[Base]) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table_of(table)).on_conflict_do_nothing()
    return sqlite.insert(table_of(table)).on_conflict_do_nothing()
