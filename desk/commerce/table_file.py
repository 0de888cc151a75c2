"""CSV files as shops export them, read row by row."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from desk.errors import InvalidError

MALFORMED = ""
"""The name under which a row says that it does not fit its header."""

_DELIMITERS = ",;\t|"
_LINE_COLUMNS = ("sku", "name_en", "name_zh", "quantity", "price", "price_cents")


class Rows(Protocol):
    """The rows of a file as cells, and how many of its lines have been read."""

    @property
    def line_num(self) -> int:
        """The lines read so far."""

    def __iter__(self) -> Iterator[list[str]]:
        """Give row after row."""


@dataclass(frozen=True)
class Numbered:
    """A record and where it stands; ``line_numbers`` has one place for each of its order lines."""

    line: int
    values: Mapping[str, Any]
    line_numbers: list[int] = field(default_factory=list)


def read(path: Path, *, encoding: str) -> Iterator[Numbered]:
    """Yield the rows of a file with a header, whatever of ``, ; tab |`` parts its columns.

    Raises:
        InvalidError: it is missing, empty, or not in this encoding.
    """
    with opened(path, encoding) as (columns, reader):
        first = 2
        for cells in reader:
            # A cell with line breaks makes one record of several lines: the first is the one to name.
            if any(cell.strip() for cell in cells):
                yield Numbered(first, values_of(columns, cells))
            first = reader.line_num + 2


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[tuple[list[str], Rows]]:
    """Open a file; give the names of its columns and the rows after them as cells. Raises as :func:`read` does."""
    try:
        with path.open(encoding=encoding, newline="") as lines:
            yield _begun(lines, path)
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidError(
            f"{path.name} is not {encoding}; save it as CSV UTF-8, or name its encoding, such as gb18030."
        ) from error
    except csv.Error as error:
        raise InvalidError(f"{path.name} is not a CSV file: {error}.") from error
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: {error.strerror}.") from error


def _begun(lines: Iterable[str], path: Path) -> tuple[list[str], Rows]:
    source = iter(lines)
    header = next(source, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [
        name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])
    ]
    if not any(columns):
        raise InvalidError(f"{path.name} has no header: its first line has to name the columns.")
    return columns, csv.reader(source, delimiter=delimiter)


def values_of(columns: list[str], cells: list[str]) -> dict[str, Any]:
    """Return the cells that say something by the names of their columns."""
    values = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    if any(cell.strip() for cell in cells[len(columns) :]):
        values[MALFORMED] = f"{len(cells)} cells in {len(columns)} columns"
    return values


def group_orders(rows: Iterable[Numbered]) -> Iterator[Numbered]:
    """Turn a row for each order line into an order with lines; what has its ``lines`` inside stays as it is.

    Rows of one order stand together; from the second on, columns of the order may be empty.
    """
    group: list[Numbered] = []
    for row in rows:
        if "lines" in row.values:
            if group:
                yield as_order(group)
                group = []
            yield row
            continue
        if group and row.values.get("number") not in (None, group[0].values.get("number")):
            yield as_order(group)
            group = []
        group.append(row)
    if group:
        yield as_order(group)


def as_order(group: list[Numbered]) -> Numbered:
    """Return the rows of an order as one record with ``lines``."""
    first = group[0]
    head = {name: value for name, value in first.values.items() if name not in _LINE_COLUMNS}
    lines = [
        {name: row.values[name] for name in _LINE_COLUMNS if name in row.values} for row in group
    ]
    wrong = [
        f"line {row.line}: {row.values[MALFORMED]}" for row in group if MALFORMED in row.values
    ]
    values = head | {"lines": lines} | ({MALFORMED: wrong[0]} if wrong else {})
    return Numbered(first.line, values, [row.line for row in group])
