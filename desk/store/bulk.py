"""Many rows at once, past SQLAlchemy's work for each of them: values go to the driver as SQLite stores them."""
# ruff: noqa: S608 - every name in the statements is that of a table or a column of ours

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Text, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from desk.store import core
from desk.store.database import Database
from desk.tables.base import Base, UtcDateTime, table_of

type Rows = Sequence[Sequence[Any]]

_ROOMY = {"cache_size": -65_536, "wal_autocheckpoint": 16_000}
"""64 MB of pages in memory, and as many in the journal: a page that many rows change is then written once for all."""

_MANY = 1_000


@asynccontextmanager
async def roomy(database: Database) -> AsyncIterator[None]:
    """Give SQLite's writer more memory for a while: rows in the order of time land on pages all over an index."""
    if not database.is_sqlite:
        yield
        return
    before = await _set(database, _ROOMY)
    try:
        yield
    finally:
        await _set(database, before)


async def _set(database: Database, wanted: Mapping[str, int]) -> Mapping[str, int]:
    async with database.engine.begin() as connection:
        return await connection.run_sync(_pragmas, wanted)


def _pragmas(connection: Connection, wanted: Mapping[str, int]) -> Mapping[str, int]:
    before: dict[str, int] = {}
    for name, value in wanted.items():
        before[name] = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        connection.exec_driver_sql(f"PRAGMA {name}={value}")
    return before


async def count_anew(session: AsyncSession, rows: int, *tables: type[Base]) -> None:
    """Let PostgreSQL know how large tables are, all without a name, after many new rows.

    By itself it looks a minute later. Until then it takes a table for the small one that it was, and may go through
    all of it for each person. SQLite chooses its ways without such figures.
    """
    if rows >= _MANY and session.get_bind().dialect.name != "sqlite":
        names = ", ".join(table.__tablename__ for table in tables)
        await session.execute(text(f"ANALYZE {names}"))


async def known(
    session: AsyncSession, table: type[Base], key: str, keys: Collection[str]
) -> set[str]:
    """Return those of many keys that a table has."""
    dialect = session.get_bind().dialect.name
    told = json.dumps(list(keys)) if dialect == "sqlite" else list(keys)
    rows = await core.fetch(session, _known(dialect, table, key), {"keys": told})
    return {row[0] for row in rows}


@cache
def _known(dialect: str, table: type[Base], key: str) -> Select[Any]:
    held = table_of(table)
    column = held.c[key]
    if dialect == "sqlite":
        # A list of thousands of marks would be a statement to be read anew each time.
        each = func.json_each(bindparam("keys", type_=Text)).table_valued("value")
        return select(column).select_from(each.join(held, column == each.c.value))
    return select(column).where(column == any_(bindparam("keys", type_=ARRAY(Text))))


async def save(
    session: AsyncSession,
    table: type[Base],
    names: Sequence[str],
    rows: Rows,
    *,
    key: Sequence[str],
) -> None:
    """Insert rows of stored values, or update those whose ``key`` exists; no key stands twice."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    then = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    await _put(session, table, names, rows, then)


async def add(session: AsyncSession, table: type[Base], names: Sequence[str], rows: Rows) -> None:
    """Insert rows of stored values; those that are there already stay as they are."""
    await _put(session, table, names, rows, "ON CONFLICT DO NOTHING")


async def add_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows of plain values and aware times, each with the same columns; what is there stays as it is."""
    if rows:
        names = tuple(rows[0])
        places = [place for place, is_time in enumerate(_times(table, names)) if is_time]
        await add(session, table, names, [_stored(row, places) for row in rows])


def _stored(row: Mapping[str, Any], times: Sequence[int]) -> tuple[Any, ...]:
    values = list(row.values())
    for place in times:
        if values[place] is not None:
            values[place] = stored(values[place])
    return tuple(values)


@lru_cache(maxsize=1_000)
def stored(moment: datetime) -> str:
    """Return an aware time as SQLite keeps it; the same few stand in many rows."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


async def _put(
    session: AsyncSession, table: type[Base], names: Sequence[str], rows: Rows, then: str
) -> None:
    if not rows:
        return
    into, columns = table.__tablename__, ", ".join(names)
    if session.get_bind().dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {into} ({columns}) VALUES ({marks}) {then}"
        await session.run_sync(_run, statement, rows)
        return
    incoming = await _copy(session, table, names, rows)
    await session.execute(
        text(f"INSERT INTO {into} ({columns}) SELECT {columns} FROM {incoming} {then}")
    )
    await session.execute(text(f"TRUNCATE {incoming}"))


def _run(session: Session, statement: str, rows: Rows) -> None:
    session.connection().exec_driver_sql(statement, list(rows))


async def _copy(session: AsyncSession, table: type[Base], names: Sequence[str], rows: Rows) -> str:
    """Bring rows to PostgreSQL by COPY, into a table that only this connection sees; return its name."""
    incoming = f"incoming_{table.__tablename__}"
    await session.execute(
        # Without what has to be there: a number may be counted only when the row comes to the table itself.
        text(
            f"CREATE TEMP TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS"
            f" AS SELECT * FROM {table.__tablename__} WITH NO DATA"
        )
    )
    raw = await (await session.connection()).get_raw_connection()
    driver: Any = raw.driver_connection
    times = _times(table, names)
    await driver.copy_records_to_table(
        incoming, records=_with_times(rows, times), columns=list(names)
    )
    return incoming


def _times(table: type[Base], names: Sequence[str]) -> list[bool]:
    return [isinstance(table_of(table).c[name].type, UtcDateTime) for name in names]


def _with_times(rows: Rows, times: Sequence[bool]) -> list[tuple[Any, ...]]:
    return [
        tuple(
            datetime.fromisoformat(value).replace(tzinfo=UTC) if is_time and value else value
            for value, is_time in zip(row, times, strict=True)
        )
        for row in rows
    ]
