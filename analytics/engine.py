"""Where figures are computed: DuckDB in this process, or another backend of Ibis by its URL.

Everything in ``analytics`` is written once as an expression of Ibis; nothing there names a database.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast
from uuid import uuid4

import ibis
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends import BaseBackend
from ibis.expr.types import NumericValue, Table
from pyarrow import csv

from desk.errors import InvalidError, SettingsError

_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}

_EXTRAS = {
    "postgres": "frontdesk[analytics-postgres]",
    "postgresql": "frontdesk[analytics-postgres]",
    "pyspark": "frontdesk[analytics-spark] and Java 17 or later",
}


def connect(url: str | None = None) -> BaseBackend:
    """Return the engine: DuckDB in memory, or what the URL says, such as ``duckdb:///var/analytics.duckdb``.

    Raises:
        SettingsError: there is no such backend here, or it cannot be reached.
    """
    if url is None:
        return ibis.duckdb.connect()
    scheme = url.partition(":")[0]
    try:
        return ibis.connect(url)
    except ImportError as error:
        extra = _EXTRAS.get(scheme, f"ibis-framework[{scheme}]")
        raise SettingsError(
            f"FRONTDESK_ANALYTICS_URL: {scheme!r} needs more than is installed ({_line(error)}); install {extra}"
        ) from error
    except Exception as error:  # each backend has errors of its own
        raise SettingsError(
            f"FRONTDESK_ANALYTICS_URL: {scheme!r} cannot be used: {_line(error)}"
        ) from error


def read(engine: BaseBackend, path: Path) -> Table:
    """Return a file as a table: CSV, Parquet or JSON lines, by its ending.

    Raises:
        InvalidError: it is not there, empty, of another kind, or cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvalidError(f"{path}: use a file that ends in {', '.join(sorted(_READERS))}")
    if not path.is_file():
        raise InvalidError(f"{path}: there is no such file")
    if not path.stat().st_size:
        raise InvalidError(f"{path}: the file is empty")
    try:
        table: Table = getattr(engine, reader)(str(path))
    except Exception as error:  # whatever the engine's reader raises is about the file
        raise InvalidError(f"{path}: cannot be read: {_line(error)}") from error
    return table


def kept(table: Table) -> Table:
    """Return a table with the same rows, computed once; it goes with the engine's connection.

    Ibis's own cache drops its table when nobody refers to it any more, which may be after the connection was closed.
    """
    engine = ibis.get_backend(table)
    return _KEEP.get(engine.name, _kept_as_table)(engine, f"kept_{uuid4().hex}", table)


def _kept_as_table(engine: BaseBackend, name: str, table: Table) -> Table:
    found: Table = engine.create_table(name, table, temp=True)
    return found


def _kept_by_spark(engine: BaseBackend, name: str, table: Table) -> Table:
    # Spark has no temporary tables, and forgets the rows of a view when a table under it changes.
    asked = engine.create_view(f"{name}_asked", table).select(*table.columns)
    engine.raw_sql(engine.compile(asked)).localCheckpoint().createTempView(name)
    found: Table = engine.table(name)
    return found


_KEEP: Mapping[str, Callable[[BaseBackend, str, Table], Table]] = {"pyspark": _kept_by_spark}


def double(value: float) -> NumericValue:
    """Return a number that every engine takes for a double; written as 0.5 it is a decimal to some."""
    return cast(NumericValue, ibis.literal(repr(float(value))).cast("float64"))


def add(engine: BaseBackend, table: str, rows: pa.Table) -> None:
    """Put rows into a table of the engine, by columns and not one by one."""
    if len(rows):
        _ADD.get(engine.name, _inserted)(engine, table, rows)


def _inserted(engine: BaseBackend, table: str, rows: pa.Table) -> None:
    engine.insert(table, rows)


def _copied_to_postgres(engine: BaseBackend, table: str, rows: pa.Table) -> None:
    # Ibis inserts there row by row. In Arrow's CSV an empty text has quotes and an empty cell has none, as COPY wants.
    written = pa.BufferOutputStream()
    csv.write_csv(rows, written, csv.WriteOptions(include_header=False))
    columns = ", ".join(map(_quoted, rows.column_names))
    statement = f"COPY {_quoted(table)} ({columns}) FROM STDIN (FORMAT csv)"
    with engine.con.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(written.getvalue())


def _quoted(name: str) -> str:
    return sge.to_identifier(name, quoted=True).sql("postgres")


_ADD: Mapping[str, Callable[[BaseBackend, str, pa.Table], None]] = {
    "postgres": _copied_to_postgres
}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
