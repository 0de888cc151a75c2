"""From a database's rows to Arrow's columns, a batch at a time.

PostgreSQL gives columns itself (ADBC), on a connection of its own that sees what the refresh's transaction sees. From
SQLite values go from the driver straight into columns: ``docs/decisions/0010-arrow-from-the-desk.md`` says why.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import batched
from typing import Any, Protocol

import pyarrow as pa
from adbc_driver_postgresql import dbapi as adbc
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.warehouse.whose import People, Query

ROWS = 50_000
"""Rows held at once."""
_PEOPLE = 2_000
"""Ids in one question: both databases stop at about 32,000."""
_LIBPQ = {"ssl": "sslmode"}
"""What the desk's driver calls otherwise."""


class Reader(Protocol):
    """Asks the operational database, always as of one moment."""

    def read(
        self, query: Query, schema: pa.Schema, *, named: bool = False
    ) -> AsyncIterator[pa.Table]:
        """Yield what a query finds as tables of a schema; columns that it does not have are empty.

        ``named``: the query names people, and finds little.
        """


@asynccontextmanager
async def reader(session: AsyncSession) -> AsyncIterator[Reader]:
    """Return what reads at the moment of a session's transaction."""
    if session.get_bind().dialect.name == "sqlite":
        yield _Rows(session)
        return
    snapshot = await session.scalar(text("SELECT pg_export_snapshot()"))
    url = session.get_bind().engine.url
    with await asyncio.to_thread(_connected, url, snapshot) as connection:
        yield _Columns(session, connection)


def _connected(url: URL, snapshot: str) -> adbc.Connection:
    query = {_LIBPQ.get(name, name): value for name, value in url.query.items()}
    plain = url.set(drivername="postgresql", query=query)
    connection = adbc.connect(plain.render_as_string(hide_password=False))
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
    return connection


def _asked(session: AsyncSession, query: Query) -> tuple[str, list[Any]]:
    """Return a statement and its values as a driver takes them; all of them are texts and numbers here."""
    made = query.compile(
        dialect=session.get_bind().dialect, compile_kwargs={"render_postcompile": True}
    )
    return str(made), [made.params[name] for name in made.positiontup or ()]


def _written(session: AsyncSession, query: Query) -> str:
    """Return a statement with its values in it."""
    dialect = session.get_bind().dialect
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


class _Columns:
    """Columns from PostgreSQL."""

    def __init__(self, session: AsyncSession, connection: adbc.Connection) -> None:
        self._session = session
        self._connection = connection

    async def read(
        self, query: Query, schema: pa.Schema, *, named: bool = False
    ) -> AsyncIterator[pa.Table]:
        """Yield what a query finds."""
        if named:
            statement, values = _asked(self._session, query)
        else:
            # COPY takes no values beside the statement, and without COPY all that is found is held at once. The
            # values are ours then: words of the statement and the numbers of marks.
            statement, values = _written(self._session, query), []
        with self._connection.cursor() as cursor:
            await asyncio.to_thread(cursor.execute, statement, values or None)
            batches = cursor.fetch_record_batch()
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                if len(batch):
                    yield _fitted(batch, schema)


class _Rows:
    """Rows from SQLite, which become columns at once."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(
        self, query: Query, schema: pa.Schema, *, named: bool = False
    ) -> AsyncIterator[pa.Table]:
        """Yield what a query finds."""
        raw = await (await self._session.connection()).get_raw_connection()
        driver: Any = raw.driver_connection
        with closing(driver.cursor()) as cursor:
            cursor.execute(*_asked(self._session, query))
            stored = pa.struct(
                [(c[0], _stored(schema.field(c[0]).type)) for c in cursor.description]
            )
            while rows := cursor.fetchmany(ROWS):
                batch = pa.RecordBatch.from_struct_array(pa.array(rows, stored))
                yield _fitted(batch, schema)


def _stored(kind: pa.DataType) -> pa.DataType:
    """Return what SQLite keeps for a type: times and days are texts, truth values numbers."""
    if pa.types.is_temporal(kind):
        return pa.string()
    return pa.int64() if pa.types.is_boolean(kind) else kind


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def parts(groups: dict[str, People]) -> list[People]:
    """Return people in parts that fit into one question; all that is a person's stays together."""
    found: list[People] = []
    contacts: list[str] = []
    customers: list[str] = []
    for group in groups.values():
        contacts += group.contacts
        customers += group.customers
        if len(contacts) + len(customers) >= _PEOPLE:
            found.append(People(contacts, customers))
            contacts, customers = [], []
    if contacts or customers:
        found.append(People(contacts, customers))
    return found


def some(ids: set[str]) -> list[tuple[str, ...]]:
    """Return ids in parts that fit into one question."""
    return list(batched(sorted(ids), _PEOPLE))
