"""Times in statements that both databases read: later ones, ones from milliseconds, and quarters of an hour."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from desk.tables.base import UtcDateTime


class _Later(FunctionElement[datetime]):
    inherit_cache = True
    name = "later"
    type = UtcDateTime()


class _FromMs(FunctionElement[datetime]):
    inherit_cache = True
    name = "from_ms"
    type = UtcDateTime()


class _Quarter(FunctionElement[str]):
    inherit_cache = True
    name = "quarter"
    type = String()


def later(at: ColumnElement[Any], seconds: int) -> ColumnElement[datetime]:
    """Return a time plus so many seconds, exact to the microsecond; below 0 it is an earlier one."""
    return _Later(at, literal(seconds, Integer()))


def from_ms(milliseconds: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the time that so many milliseconds since 1970 are."""
    return _FromMs(milliseconds)


def quarter(at: ColumnElement[Any]) -> ColumnElement[str]:
    """Return the quarter of an hour in UTC that a time lies in: ``2026-12-01 09:45``. No zone's hour cuts one."""
    return _Quarter(at)


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, **more: Any) -> list[str]:
    return [compiler.process(one, **more) for one in element.clauses]


# SQLite keeps times as text with six digits after the second, which its own functions would cut to three.
@compiles(_Later, "sqlite")
def _later_in_sqlite(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    at, seconds = _parts(element, compiler, **more)
    whole = f"strftime('%Y-%m-%d %H:%M:%S', substr({at}, 1, 19), {seconds} || ' seconds')"
    return f"({whole} || substr({at}, 20))"


@compiles(_Later, "postgresql")
def _later_in_postgres(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    at, seconds = _parts(element, compiler, **more)
    return f"({at} + make_interval(secs => {seconds}))"


@compiles(_FromMs, "sqlite")
def _from_ms_in_sqlite(element: _FromMs, compiler: SQLCompiler, **more: Any) -> str:
    (ms,) = _parts(element, compiler, **more)
    whole = f"strftime('%Y-%m-%d %H:%M:%S', {ms} / 1000, 'unixepoch')"
    return f"({whole} || printf('.%03d000', {ms} % 1000))"


@compiles(_FromMs, "postgresql")
def _from_ms_in_postgres(element: _FromMs, compiler: SQLCompiler, **more: Any) -> str:
    (ms,) = _parts(element, compiler, **more)
    return f"(timestamptz 'epoch' + {ms} * interval '1 millisecond')"


@compiles(_Quarter, "sqlite")
def _quarter_in_sqlite(element: _Quarter, compiler: SQLCompiler, **more: Any) -> str:
    (at,) = _parts(element, compiler, **more)
    return f"(substr({at}, 1, 14) || printf('%02d', substr({at}, 15, 2) / 15 * 15))"


@compiles(_Quarter, "postgresql")
def _quarter_in_postgres(element: _Quarter, compiler: SQLCompiler, **more: Any) -> str:
    (at,) = _parts(element, compiler, **more)
    utc = f"({at} AT TIME ZONE 'UTC')"
    minutes = f"(extract(minute FROM {utc})::int / 15 * 15)::text"
    return f"(to_char({utc}, 'YYYY-MM-DD HH24:') || lpad({minutes}, 2, '0'))"
