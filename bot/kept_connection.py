"""One connection to a database that stays open, for one statement after the other."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

Row = tuple[Any, ...]


class Prepared:
    """A statement as the driver wants it: put together once, while that costs more than running it."""

    def __init__(self, statement: sa.sql.ClauseElement, dialect: sa.engine.Dialect) -> None:
        """The statement's parameters are named as its columns or bindparams."""
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        self._given: dict[str, Any] = dict(compiled.params)
        made = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        writers = {name: impl.bind_processor(dialect) for name, impl in made.items()}
        self._writers = {name: writer for name, writer in writers.items() if writer}

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values in the driver's order and types."""
        given = {**self._given, **values}
        for name, writer in self._writers.items():
            given[name] = writer(given[name])
        return given if self._order is None else [given[name] for name in self._order]


class KeptConnection:
    """Runs prepared statements on the driver itself; each commits by itself.

    A pool would lend a connection for each statement: ask whether it is alive, begin, roll back, take it back.
    """

    def __init__(self, engine: sa.engine.Engine) -> None:
        """Nothing is opened before the first statement."""
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: sa.engine.Connection | None = None
        self._lock = threading.Lock()

    def read(self, statement: Prepared, values: Mapping[str, Any]) -> list[Row]:
        """The rows; asks once more on a new connection if the old one turns out to be gone."""
        with self._lock:
            was_open = self._connection is not None
            try:
                return self._run(statement, values)
            except sa.exc.DBAPIError as error:
                if not (was_open and error.connection_invalidated):
                    raise
                return self._run(statement, values)

    def write(self, statement: Prepared, values: Mapping[str, Any]) -> None:
        """Has committed when it returns. Never repeated: nobody knows what came of a broken one."""
        with self._lock:
            self._run(statement, values)

    def close(self) -> None:
        """Hangs up; a further statement would call again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, statement: Prepared, values: Mapping[str, Any]) -> list[Row]:
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = self._connection.connection.dbapi_connection
        parameters = statement.parameters(values)
        cursor = driver.cursor()
        try:
            cursor.execute(statement.sql, parameters)
            return cursor.fetchall() if cursor.description else []
        except Exception as error:
            raise self._translated(error, statement, driver, cursor) from error
        finally:
            cursor.close()

    def _translated(self, error: Exception, statement: Prepared, driver: Any, cursor: Any) -> Any:
        """The error as SQLAlchemy would raise it, without what customers wrote; a lost connection is let go."""
        dialect = self._engine.dialect
        lost = dialect.is_disconnect(error, driver, cursor)
        if lost and self._connection is not None:
            self._connection.invalidate(error)
            self.close()
        return sa.exc.DBAPIError.instance(
            statement.sql,
            None,
            error,
            dialect.dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        )
