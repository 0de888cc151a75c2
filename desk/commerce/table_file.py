"""CSV files as shops export them, read row by row."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk.errors import InvalidError

MALFORMED = ""
"""The name under which a row says that it does not fit its header."""

_DELIMITERS = ",;\t|"
_LINE_COLUMNS = ("sku", "name_en", "name_zh", "quantity", "price", "price_cents")


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
    try:
        with path.open(encoding=encoding, newline="") as lines:
            yield from _rows(lines, path)
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidError(
            f"{path.name} is not {encoding}; save it as CSV UTF-8, or name its encoding, such as gb18030."
        ) from error
    except csv.Error as error:
        raise InvalidError(f"{path.name} is not a CSV file: {error}.") from error
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: {error.strerror}.") from error


def _rows(lines: Iterable[str], path: Path) -> Iterator[Numbered]:
    source = iter(lines)
    header = next(source, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [
        name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])
    ]
    if not any(columns):
        raise InvalidError(f"{path.name} has no header: its first line has to name the columns.")
    reader = csv.reader(source, delimiter=delimiter)
    first = 2
    for cells in reader:
        # A cell with line breaks makes one record of several lines: the first is the one to name.
        if any(cell.strip() for cell in cells):
            yield Numbered(first, _values(columns, cells))
        first = reader.line_num + 2


def _values(columns: list[str], cells: list[str]) -> dict[str, Any]:
    values = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    if any(cell.strip() for cell in cells[len(columns) :]):
        values[MALFORMED] = f"{len(cells)} cells in {len(columns)} columns"
    return values


def group_orders(rows: Iterable[Numbered]) -> Iterator[Numbered]:
    """Turn a row for each order line into an order with lines.

    Rows of one order stand together; from the second on, columns of the order may be empty.
    """
    group: list[Numbered] = []
    for row in rows:
        if group and row.values.get("number") not in (None, group[0].values.get("number")):
            yield _order(group)
            group = []
        group.append(row)
    if group:
        yield _order(group)


def _order(group: list[Numbered]) -> Numbered:
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
