"""Columns that people name: are they there, and of the kind that is needed?"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import cast

from ibis.expr.types import NumericColumn, Table, TimestampColumn

from desk.errors import InvalidError


def known(table: Table, names: Sequence[str]) -> None:
    """Raise InvalidError unless the table has all columns."""
    for name in names:
        if name not in table.columns:
            close = get_close_matches(name, table.columns, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are: {_some(table)}"
            raise InvalidError(f"there is no column {name!r}{hint}")


def need(table: Table, names: Sequence[str]) -> None:
    """Raise InvalidError unless the table has all columns and a row."""
    known(table, names)
    if not len(table.limit(1).to_pyarrow()):
        raise InvalidError("the table has columns, but no rows")


def number(table: Table, name: str) -> NumericColumn:
    """Return a column of numbers.

    Raises:
        InvalidError: it holds something else.
    """
    column = table[name]
    if not column.type().is_numeric():
        raise InvalidError(f"column {name!r} holds {column.type()}, but numbers are needed")
    return cast(NumericColumn, column.cast("float64"))


def moment(table: Table, name: str) -> TimestampColumn:
    """Return a column of times or dates; texts are read as ISO dates, and 8 digits as yyyymmdd.

    Raises:
        InvalidError: a value is no date; the first one is told.
    """
    column = table[name]
    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return cast(TimestampColumn, column.cast("timestamp"))
    if not (kind.is_string() or kind.is_integer()):
        raise InvalidError(f"column {name!r} holds {kind}, but dates are needed")
    text = column.cast("string").strip()
    compact = text.re_search(r"^\d{8}$")
    dashed = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2)
    iso = compact.ifelse(dashed, text)
    read = iso.try_cast("timestamp")
    wrong = table.filter(read.isnull() & column.notnull()).select(bad=text).limit(1).to_pyarrow()
    if len(wrong):
        first = wrong["bad"][0].as_py()
        raise InvalidError(f"column {name!r} has a value that is no date: {first!r}")
    return cast(TimestampColumn, read)


def _some(table: Table) -> str:
    return ", ".join(table.columns[:12]) + (" ..." if len(table.columns) > 12 else "")
