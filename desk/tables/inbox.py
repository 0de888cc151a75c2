"""Received, not yet processed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class InboxState(StrEnum):
    """How far a received message has come; ``done`` and ``dead`` are final."""

    NEW = "new"
    WORKING = "working"
    DONE = "done"
    DEAD = "dead"


UNFINISHED = (InboxState.NEW, InboxState.WORKING)
_OPEN = text("state IN ('new', 'working')")
STUCK = text("state = 'dead'")
"""As the index has it; a question that says this as well need not look at all that ever came."""


class InboxRow(Base):
    """One received message, kept as it came (``raw``) and normalised (``payload``)."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id"),
        # The head-of-line look-up touches unfinished rows only, however long the history is.
        Index(
            "ix_inbox_unfinished",
            "channel",
            "account",
            "thread",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_inbox_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_inbox_stuck", "id", sqlite_where=STUCK, postgresql_where=STUCK),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256))
    thread: Mapped[str] = mapped_column(String(256))
    payload: Mapped[dict[str, Any]]
    raw: Mapped[str] = mapped_column(Text)
    state: Mapped[InboxState] = mapped_column(text_enum(InboxState), default=InboxState.NEW)
    #: Claims so far; also the token by which a late worker notices that its lease was taken over.
    attempts: Mapped[int] = mapped_column(default=0)
    #: Turns that failed at this very message, as opposed to an assistant that was away.
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
