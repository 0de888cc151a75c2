"""The conversations on disk: one row for each turn, added once and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

EventData = dict[str, Any]

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


# Built once: putting a statement together costs more than running it.
_wanted = sa.bindparam("conversation_id")
_rows = sa.select(turns.c.seq, turns.c.events).where(turns.c.conversation_id == _wanted)
_session_start = (
    sa.select(sa.func.max(turns.c.seq))
    .where(turns.c.conversation_id == _wanted, turns.c.starts_session)
    .scalar_subquery()
)
INSERT = sa.insert(turns)
ALL_TURNS = _rows.order_by(turns.c.seq)
SESSION_TURNS = ALL_TURNS.where(turns.c.seq >= sa.func.coalesce(_session_start, 0))
ONE_TURN = sa.select(turns.c.events).where(
    turns.c.conversation_id == _wanted, turns.c.message_id == sa.bindparam("message_id")
)
NEWEST = sa.select(sa.func.max(turns.c.seq)).where(turns.c.conversation_id == _wanted)
CONVERSATIONS = sa.select(turns.c.conversation_id).distinct()


@dataclass(frozen=True)
class Session:
    """The events since the latest session start, and the number of the next turn."""

    events: list[EventData]
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
    # One kept connection: opening a file for each statement costs more than the statement.
    engine = sa.create_engine(
        address,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 5},
        future=True,
    )

    def tune(connection: Any, _record: Any) -> None:
        # NORMAL: a commit survives the death of the process; only a power cut may take the last turns, and
        # the application, whose inbox is synchronous, does not depend on them.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    sa.event.listen(engine, "connect", tune)
    return engine


class Journal:
    """Appends turns and reads them back."""

    def __init__(self, engine: sa.engine.Engine) -> None:
        """The engine comes from `connect`."""
        self._engine = engine

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
        with self._engine.begin() as connection:
            connection.execute(INSERT, row)

    def session(self, conversation_id: str) -> Session:
        """The latest session; no events and number 0 for an unknown conversation."""
        with self._engine.connect() as connection:
            rows = connection.execute(SESSION_TURNS, {"conversation_id": conversation_id}).all()
        return Session(_joined(row.events for row in rows), rows[-1].seq + 1 if rows else 0)

    def next_seq(self, conversation_id: str) -> int:
        """The number of the next turn: one look at the primary key."""
        with self._engine.connect() as connection:
            newest = connection.execute(NEWEST, {"conversation_id": conversation_id}).scalar()
        return 0 if newest is None else newest + 1

    def all_events(self, conversation_id: str) -> list[EventData]:
        """Every event of the conversation, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(ALL_TURNS, {"conversation_id": conversation_id}).all()
        return _joined(row.events for row in rows)

    def turn(self, conversation_id: str, message_id: str) -> list[EventData] | None:
        """The events of the turn that answered the message, or None if it was never answered."""
        wanted = {"conversation_id": conversation_id, "message_id": message_id}
        with self._engine.connect() as connection:
            events = connection.execute(ONE_TURN, wanted).scalar()
        return None if events is None else json.loads(events)

    def conversation_ids(self) -> list[str]:
        """Every conversation that has a turn."""
        with self._engine.connect() as connection:
            return list(connection.execute(CONVERSATIONS).scalars())

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()


def _joined(rows: Iterable[str]) -> list[EventData]:
    return [event for events in rows for event in json.loads(events)]
