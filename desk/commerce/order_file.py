"""Orders of a CSV file as they stand there: a row of cells for each line, gathered and not yet read.

What a cell means is found out for many orders at once by :mod:`desk.commerce.order_columns`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from desk.commerce.table_file import Numbered, Rows, as_order, opened, values_of

type Cells = list[str]


class RawOrder(NamedTuple):
    """The rows of one order, and on which line each begins; ``is_whole`` if all are as long as the header."""

    lines: list[int]
    rows: list[Cells]
    is_whole: bool


class OrderFile:
    """The orders of a CSV file with a row for each line; see :func:`can_read`."""

    def __init__(self, path: Path, *, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self.columns: list[str] = []

    def __iter__(self) -> Iterator[RawOrder]:
        """Yield order by order.

        Raises:
            InvalidError: it is missing, empty, or not in this encoding.
        """
        with opened(self._path, self._encoding) as (self.columns, reader):
            yield from self._orders(reader)

    def _orders(self, reader: Rows) -> Iterator[RawOrder]:
        place = self.columns.index("number") if "number" in self.columns else None
        lines: list[int] = []
        rows: list[Cells] = []
        current, first, width, is_whole = "", 2, len(self.columns), True
        for cells in reader:
            line, first = first, reader.line_num + 2
            number = cells[place] if place is not None and place < len(cells) else ""
            if not number.strip():
                if not any(cell.strip() for cell in cells):
                    continue
                number = current
            if rows and number != current:
                yield RawOrder(lines, rows, is_whole)
                lines, rows, is_whole = [], [], True
            current = number
            lines.append(line)
            rows.append(cells)
            is_whole &= len(cells) == width
        if rows:
            yield RawOrder(lines, rows, is_whole)

    def numbered(self, order: RawOrder) -> Numbered:
        """Return an order as the record reads it."""
        named = [values_of(self.columns, cells) for cells in order.rows]
        return as_order([Numbered(*one) for one in zip(order.lines, named, strict=True)])


def can_read(columns: list[str] | None) -> bool:
    """Say whether a CSV file's columns are plain: each has a name of its own, and lines are rows of their own."""
    if columns is None or len(set(columns)) < len(columns):
        return False
    return not {"", "lines"} & set(columns)
