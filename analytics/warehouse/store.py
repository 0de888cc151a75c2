"""Changing the engine's tables, so that nobody ever sees half of it."""

from collections.abc import Mapping
from typing import Protocol

import ibis
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound

from analytics.engine import add
from analytics.warehouse.tables import SCHEMAS

HELPERS: Mapping[str, ibis.Schema] = {
    "contact_of": ibis.schema({"contact_id": "!string", "person_id": "!string"}),
    "watermark": ibis.schema({"name": "!string", "value": "!int64"}),
}
"""Who every contact is, and how far the operational database has been read."""
ALL: Mapping[str, ibis.Schema] = {**SCHEMAS, **HELPERS}


class Store(Protocol):
    """Takes rows out of tables and puts others in."""

    def forget(self, table: str, column: str, values: pa.Array | None) -> None:
        """Begin with a table: take out the rows with these values, or all rows."""

    def add(self, table: str, rows: pa.Table) -> None:
        """Put rows in; the table has been begun."""

    def commit(self) -> None:
        """Let it all hold."""


class Copy:
    """Changes tables in place: the file is a copy that nobody reads."""

    def __init__(self, engine: BaseBackend) -> None:
        self._engine = engine

    def forget(self, table: str, column: str, values: pa.Array | None) -> None:
        """Begin with a table."""
        if values is None:
            self._engine.create_table(table, schema=ALL[table], overwrite=True)
        elif len(values):
            self._engine.raw_sql(_delete(self._engine, table, column, values))

    def add(self, table: str, rows: pa.Table) -> None:
        """Put rows in."""
        add(self._engine, table, _fitted(table, rows))

    def commit(self) -> None:
        """Do nothing: who opened the copy puts it in its place."""


class Swap:
    """Builds tables beside the old ones, which they replace in the end: any backend can do that.

    The tables change one after the other, how far was read last of all: who is cut between them does it again.
    """

    def __init__(self, engine: BaseBackend) -> None:
        self._engine = engine
        self._begun: dict[str, None] = {}

    def forget(self, table: str, column: str, values: pa.Array | None) -> None:
        """Begin with a table."""
        new = _new(table)
        if values is None:
            self._engine.create_table(new, schema=ALL[table], overwrite=True)
        else:
            old = self._engine.table(table)
            kept = old
            if len(values):
                gone = ibis.memtable(pa.table({column: values}))
                kept = old.anti_join(gone, column)
            self._engine.create_table(new, kept, overwrite=True)
        self._begun[table] = None

    def add(self, table: str, rows: pa.Table) -> None:
        """Put rows in."""
        add(self._engine, _new(table), _fitted(table, rows))

    def commit(self) -> None:
        """Replace the tables that were begun."""
        for table in sorted(self._begun, key=lambda name: name == "watermark"):
            self._engine.create_table(table, self._engine.table(_new(table)), overwrite=True)
            self._engine.drop_table(_new(table))
        self._begun.clear()


class Transaction(Swap):
    """Changes what is there in place; tables that are read whole are built beside the old ones, which serve meanwhile.

    Whoever opened the engine has begun a transaction, and ends it.
    """

    def forget(self, table: str, column: str, values: pa.Array | None) -> None:
        """Begin with a table."""
        if values is None:
            super().forget(table, column, values)
        elif len(values):
            self._engine.raw_sql(_delete(self._engine, table, column, values))

    def add(self, table: str, rows: pa.Table) -> None:
        """Put rows in."""
        into = _new(table) if table in self._begun else table
        add(self._engine, into, _fitted(table, rows))

    def commit(self) -> None:
        """Replace the tables that were begun."""
        for table in self._begun:
            self._engine.drop_table(table)
            self._engine.raw_sql(_rename(_new(table), table))
        self._begun.clear()


_STORES: Mapping[str, type[Copy | Swap]] = {"duckdb": Copy, "postgres": Transaction}


def store_of(engine: BaseBackend) -> Store:
    """Return how the tables of an engine that ``Warehouse.writing`` has opened are changed."""
    return _STORES.get(engine.name, Swap)(engine)


def _new(table: str) -> str:
    return f"{table}_next"


def _fitted(table: str, rows: pa.Table) -> pa.Table:
    return rows.select(ALL[table].names).cast(ALL[table].to_pyarrow().remove_metadata())


def _rename(table: str, to: str) -> sge.Alter:
    name = sge.AlterRename(this=sge.to_identifier(to, quoted=True))
    return sge.Alter(kind="TABLE", this=sge.to_identifier(table, quoted=True), actions=[name])


def _delete(engine: BaseBackend, table: str, column: str, values: pa.Array) -> sge.Delete:
    """Return the statement that takes rows out; Ibis has no word for it, so it is built of the parts Ibis uses."""
    gone = "gone_keys"
    engine.create_table(gone, schema={"key": "string"}, temp=True, overwrite=True)
    add(engine, gone, pa.table({"key": values}))
    keys = sge.select(sge.column("key", quoted=True)).from_(sge.to_identifier(gone, quoted=True))
    return sge.delete(sge.to_identifier(table, quoted=True)).where(
        sge.In(this=sge.column(column, quoted=True), query=sge.Subquery(this=keys))
    )


def prepare(engine: BaseBackend) -> None:
    """Make the tables that are not there."""
    for name, schema in ALL.items():
        if not _has(engine, name):
            engine.create_table(name, schema=schema)


def _has(engine: BaseBackend, name: str) -> bool:
    try:
        engine.table(name)
    except TableNotFound:
        return False
    return True
