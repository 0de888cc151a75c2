"""What the running product has written down: its SQLite file, read from outside while it works."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pysqlite3 import dbapi2

from desk.store.database import parse_url

type Row = dict[str, Any]


class Stored:
    """Reads the database of a running desk; ``visitor`` is the id in a chat token."""

    def __init__(self, database_url: str) -> None:
        self.path = parse_url(database_url).database

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Return the rows of a query."""
        with self._open("ro") as connection:
            return [dict(row) for row in connection.execute(sql, values)]

    def run(self, *statements: str) -> None:
        """Change something behind the product's back."""
        with self._open("rw") as connection:
            for statement in statements:
                connection.execute(statement)

    def one(self, sql: str, *values: object) -> Row:
        """Return the only row of a query."""
        (row,) = self.rows(sql, *values)
        return row

    def order(self, number: str) -> Row:
        """Return an order of the shop."""
        return self.one("SELECT * FROM shop_order WHERE number = ?", number)

    def conversation(self, visitor: str) -> Row:
        """Return a visitor's conversation."""
        return self.one("SELECT * FROM conversation WHERE thread = ?", visitor)

    def messages(self, visitor: str) -> list[Row]:
        """Return everything said in a visitor's conversation, in the order the customer sees it."""
        return self.rows(
            "SELECT m.* FROM message m JOIN conversation c ON c.id = m.conversation_id"
            " WHERE c.thread = ? AND m.seq IS NOT NULL ORDER BY m.seq",
            visitor,
        )

    def tickets(self, visitor: str) -> list[Row]:
        """Return the tickets of a visitor's conversation."""
        return self._of("ticket", visitor)

    def feedback(self, visitor: str) -> list[Row]:
        """Return the ratings of a visitor's conversation."""
        return self._of("feedback", visitor)

    def accepted(self, visitor: str) -> list[Row]:
        """Return what came in from a visitor."""
        return self.rows("SELECT * FROM inbox WHERE thread = ? ORDER BY id", visitor)

    def choices(self, visitor: str) -> list[Row]:
        """Return every button a visitor was offered, with its payload, the oldest first."""
        found = (json.loads(message["choices"] or "[]") for message in self.messages(visitor))
        return [choice for choices in found for choice in choices]

    def _of(self, table: str, visitor: str) -> list[Row]:
        return self.rows(
            f"SELECT t.* FROM {table} t JOIN conversation c ON c.id = t.conversation_id"  # noqa: S608
            " WHERE c.thread = ? ORDER BY t.id",
            visitor,
        )

    @contextmanager
    def _open(self, mode: str) -> Iterator[Any]:
        connection = dbapi2.connect(
            f"file:{self.path}?mode={mode}", uri=True, isolation_level=None, timeout=10
        )
        connection.row_factory = dbapi2.Row
        try:
            yield connection
        finally:
            connection.close()


def ticket_number(row: Row) -> str:
    """Return a ticket's number as customers see it."""
    return f"T-{row['id']:06d}"
