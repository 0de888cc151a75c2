"""Reads the journal of conversations without being able to change it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.journal import turns

ROWS_AT_ONCE = 500


class JournalError(RuntimeError):
    """The journal cannot be read; says why in one line."""


def read(url: str, since: datetime) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The events of each conversation since a moment, oldest first, one conversation at a time."""
    wanted = (
        sa.select(turns.c.conversation_id, turns.c.events)
        .where(turns.c.created_at >= since)
        .order_by(turns.c.conversation_id, turns.c.seq)
    )
    with _connection(url) as connection:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=ROWS_AT_ONCE)
        rows = streamed.execute(wanted).yield_per(ROWS_AT_ONCE)
        for conversation_id, group in groupby(rows, key=lambda row: row.conversation_id):
            yield conversation_id, [event for row in group for event in json.loads(row.events)]


@contextmanager
def _connection(url: str) -> Iterator[sa.engine.Connection]:
    try:
        engine = _read_only(sa.engine.make_url(url))
        try:
            with engine.connect() as connection:
                if not sa.inspect(connection).has_table(turns.name):
                    raise JournalError(
                        "the tracker database has no conversations yet: nobody has written"
                    )
                yield connection
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        # The statement and its parameters, which SQLAlchemy adds, would be many lines.
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise JournalError(f"the tracker database cannot be read: {reason}") from error


def _read_only(address: sa.engine.URL) -> sa.engine.Engine:
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, future=True).execution_options(postgresql_readonly=True)
    path = Path(address.database or "")
    if not path.is_file():
        raise JournalError(f"there are no conversations yet: there is no {path.name}")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sa.create_engine(
        f"sqlite:///{uri.replace('file://', 'file:', 1)}&uri=true", future=True
    )
