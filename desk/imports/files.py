"""Files that people export: CSV, Parquet or JSON lines by their ending, read record by record."""

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from desk.commerce import table_file
from desk.commerce.table_file import MALFORMED, Numbered
from desk.errors import InvalidError

JSON_LINES = frozenset({".jsonl", ".ndjson"})
PARQUET = frozenset({".parquet", ".pq"})
ENDINGS = (".csv", ".tsv", ".txt", *sorted(PARQUET), *sorted(JSON_LINES))

_LONGEST_LINE = 4 * 2**20
_LONGEST_HEADER = 65_536
_CHUNK = 2**20


def read(path: Path, *, encoding: str) -> Iterator[Numbered]:
    """Yield the records of a file; a file of another ending is read as CSV.

    Raises:
        InvalidError: it is missing, empty or not what its ending says.
    """
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        # It takes a while to be imported, and few files are of this kind.
        from desk.imports import parquet  # noqa: PLC0415

        return parquet.read(path)
    if suffix in JSON_LINES:
        return _json_lines(path)
    return table_file.read(path, encoding=encoding)


def is_csv(path: Path) -> bool:
    """Say whether a file is read as CSV."""
    return path.suffix.lower() not in PARQUET | JSON_LINES


def columns(path: Path, *, encoding: str) -> list[str] | None:
    """Return the names of a file's columns in small letters; None if it has none or cannot be read."""
    suffix = path.suffix.lower()
    if suffix in JSON_LINES:
        return None
    if suffix in PARQUET:
        from desk.imports import parquet  # noqa: PLC0415

        return parquet.columns(path)
    with (
        suppress(OSError, UnicodeError, LookupError, csv.Error),
        path.open(encoding=encoding, newline="") as lines,
    ):
        first = lines.readline(_LONGEST_HEADER)
        delimiter = max(",;\t|", key=first.count)
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return [cell.strip().lower() for cell in cells]
    return None


def count(path: Path) -> int | None:
    """Return about how many rows a file has; None if it cannot be read."""
    if path.suffix.lower() in PARQUET:
        from desk.imports import parquet  # noqa: PLC0415

        return parquet.count(path)
    heading = 0 if path.suffix.lower() in JSON_LINES else 1
    with suppress(OSError), path.open("rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
        return max(0, lines - heading)
    return None


def digest(path: Path, *how: str) -> str:
    """Return what tells a file, and how it is read, from any other.

    Raises:
        InvalidError: it cannot be read.
    """
    found = hashlib.sha256("\x00".join(how).encode())
    try:
        with path.open("rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                found.update(chunk)
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: {error.strerror}.") from error
    return found.hexdigest()


def _json_lines(path: Path) -> Iterator[Numbered]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
                if len(line) == _LONGEST_LINE:
                    raise InvalidError(f"{path.name}: line {number} is longer than 4 MB.")
                if line.strip():
                    yield Numbered(number, _object(line))
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: {error.strerror}.") from error


def _object(line: bytes) -> Any:
    try:
        found = json.loads(line.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {MALFORMED: "this line is not JSON"}
    if not isinstance(found, dict):
        return {MALFORMED: "this line is not a JSON object"}
    return {str(name).strip().lower(): value for name, value in found.items() if value != ""}
