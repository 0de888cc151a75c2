"""Parquet files, read a few rows at a time."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet as pq

from desk.commerce.table_file import Numbered
from desk.errors import InvalidError

_ROWS = 2000
_BUFFER = 2**20
_EXACT = 2**53


def read(path: Path) -> Iterator[Numbered]:
    """Yield the rows, numbered from 1.

    Raises:
        InvalidError: it is not a Parquet file.
    """
    line = 0
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                for row in _plain(batch).to_pylist():
                    line += 1
                    yield Numbered(line, _values(row))
    except (pa.ArrowException, OSError) as error:
        raise _wrong(path, error) from error


def columns(path: Path) -> list[str] | None:
    """Return the names of the columns in small letters; None if it cannot be read."""
    try:
        return [name.strip().lower() for name in pq.read_schema(path).names]
    except (pa.ArrowException, OSError):
        return None


def count(path: Path) -> int | None:
    """Return how many rows there are; None if it cannot be read."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return None


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return times to the microsecond, which is what the rest of the world counts in."""
    arrays = [
        pc.cast(column, pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _values(row: dict[str, Any]) -> dict[str, Any]:
    values = {name.strip().lower(): _value(value) for name, value in row.items()}
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _value(value: Any) -> Any:
    """Return a float that is none as what it is: whole numbers with gaps are kept as floats by many programs."""
    if not isinstance(value, float):
        return value
    if value != value:
        return None
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _wrong(path: Path, error: Exception) -> InvalidError:
    if isinstance(error, OSError) and error.errno:
        return InvalidError(f"{path.name} cannot be read: {os.strerror(error.errno)}.")
    return InvalidError(f"{path.name} is not a Parquet file that can be read.")
