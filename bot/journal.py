"""The conversations on disk: one row for each turn, added once and never changed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bot.kept_connection import KeptConnection, Prepared

EventData = dict[str, Any]

_PATIENCE = 5.0
"""Seconds to wait for another process that has the file."""

metadata = sa.MetaData()

turns = sa.Table(
    "rasa_turns",
    metadata,
    sa.Column("conversation_id", sa.String(255), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.String(255)),
    sa.Column("starts_session", sa.Boolean, nullable=False),
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    # Second belt against running a message twice, should two processes ever get the same conversation.
    sa.UniqueConstraint("conversation_id", "message_id", name="uq_rasa_turns_message"),
)


_wanted = sa.bindparam("conversation_id")
_rows = sa.select(turns.c.seq, turns.c.events).where(turns.c.conversation_id == _wanted)
_session_start = (
    sa.select(sa.func.max(turns.c.seq))
    .where(turns.c.conversation_id == _wanted, turns.c.starts_session)
    .scalar_subquery()
)
_answer = sa.select(turns.c.events).where(
    turns.c.conversation_id == _wanted, turns.c.message_id == sa.bindparam("message_id")
)
_newest = sa.select(sa.func.max(turns.c.seq)).where(turns.c.conversation_id == _wanted)
INSERT = sa.insert(turns)
ALL_TURNS = _rows.order_by(turns.c.seq)
SESSION_TURNS = ALL_TURNS.where(turns.c.seq >= sa.func.coalesce(_session_start, 0))
PLACE = sa.select(_answer.scalar_subquery(), _newest.scalar_subquery())
CONVERSATIONS = sa.select(turns.c.conversation_id).distinct()


@dataclass(frozen=True)
class Session:
    """The events since the latest session start, and the number of the next turn."""

    events: list[EventData]
    next_seq: int


@dataclass(frozen=True)
class Place:
    """The events that answered a message, if it was answered, and the number of the next turn."""

    answered: list[EventData] | None
    next_seq: int


def connect(url: str) -> sa.engine.Engine:
    """An engine for the journal with its table in place; SQLAlchemyError when it cannot be reached."""
    address = sa.engine.make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = _sqlite(address)
    else:
        engine = sa.create_engine(address, pool_size=2, pool_pre_ping=True, future=True)
    _create(engine)
    return engine


def _create(engine: sa.engine.Engine) -> None:
    try:
        metadata.create_all(engine)
    except sa.exc.DBAPIError:
        # Another process that starts at the same moment may have been quicker.
        if not sa.inspect(engine).has_table(turns.name):
            raise


def _sqlite(address: sa.engine.URL) -> sa.engine.Engine:
    engine = sa.create_engine(
        address,
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": _PATIENCE},
        future=True,
    )

    def tune(connection: Any, _record: Any) -> None:
        # NORMAL: a commit survives the death of the process; only a power cut may take the last turns, and
        # the application, whose inbox is synchronous, does not depend on them.
        _into_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")

    sa.event.listen(engine, "connect", tune)
    return engine


def _into_wal(connection: Any) -> None:
    """Change the file's mode, which fails at once while somebody else is at it: SQLite does not wait for this."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Journal:
    """Appends turns and reads them back."""

    def __init__(self, engine: sa.engine.Engine) -> None:
        """The engine comes from `connect`."""
        self._engine = engine
        self._kept = KeptConnection(engine)
        self._insert, self._place, self._session, self._all, self._conversations = (
            Prepared(statement, engine.dialect)
            for statement in (INSERT, PLACE, SESSION_TURNS, ALL_TURNS, CONVERSATIONS)
        )

    def append(
        self,
        conversation_id: str,
        seq: int,
        message_id: str | None,
        starts_session: bool,
        events: list[EventData],
    ) -> None:
        """Commits one turn; raises IntegrityError if the number or the message is there already."""
        row = {
            "conversation_id": conversation_id,
            "seq": seq,
            "message_id": message_id,
            "starts_session": starts_session,
            # ASCII: half a surrogate pair, which JSON can carry, would not survive UTF-8.
            "events": json.dumps(events),
            "created_at": datetime.now(timezone.utc),
        }
        self._kept.write(self._insert, row)

    def session(self, conversation_id: str) -> Session:
        """The latest session; no events and number 0 for an unknown conversation."""
        rows = self._kept.read(self._session, {"conversation_id": conversation_id})
        return Session(_joined(events for _, events in rows), rows[-1][0] + 1 if rows else 0)

    def place(self, conversation_id: str, message_id: str | None) -> Place:
        """Where the conversation is, and whether it has this message behind it: two looks at an index."""
        wanted = {"conversation_id": conversation_id, "message_id": message_id}
        [(answered, newest)] = self._kept.read(self._place, wanted)
        return Place(
            None if answered is None else json.loads(answered), 0 if newest is None else newest + 1
        )

    def all_events(self, conversation_id: str) -> list[EventData]:
        """Every event of the conversation, oldest first."""
        rows = self._kept.read(self._all, {"conversation_id": conversation_id})
        return _joined(events for _, events in rows)

    def conversation_ids(self) -> list[str]:
        """Every conversation that has a turn."""
        return [name for (name,) in self._kept.read(self._conversations, {})]

    def close(self) -> None:
        """Lets go of the database."""
        self._kept.close()
        self._engine.dispose()


def _joined(rows: Iterable[str]) -> list[EventData]:
    return [event for events in rows for event in json.loads(events)]
