"""To be sent, and every attempt at it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, Json, text_enum


class OutboxState(StrEnum):
    """Where a message to be sent stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    #: The channel refused it for good.
    FAILED = "failed"
    #: The last try failed; replay it by hand.
    DEAD = "dead"
    #: Sent at most once and the outcome is not known.
    UNKNOWN = "unknown"
    #: The owner changed before it was sent.
    FENCED = "fenced"


UNFINISHED = (OutboxState.QUEUED, OutboxState.SENDING)
_OPEN = text("state IN ('queued', 'sending')")
STUCK = text("state IN ('dead', 'failed', 'unknown')")
"""As the index has it; a question that says this as well need not look at all that was ever sent."""


class Policy(StrEnum):
    """What to do when the outcome of a send is not known."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class OutboxRow(Base):
    """One message on its way out. ``epoch`` is empty where the owner does not matter (agents, notices)."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_unfinished",
            "conversation_id",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_outbox_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        # Each lane finds what is due without passing what waits in another, however much that is.
        Index(
            "ix_outbox_lane",
            "channel",
            "account",
            "policy",
            "not_before",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_outbox_stuck", "state", "id", sqlite_where=STUCK, postgresql_where=STUCK),
        Index(None, "channel", "account", "external_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    thread: Mapped[str] = mapped_column(String(256))
    policy: Mapped[Policy] = mapped_column(text_enum(Policy), default=Policy.AT_LEAST_ONCE)
    epoch: Mapped[int | None]
    state: Mapped[OutboxState] = mapped_column(text_enum(OutboxState), default=OutboxState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    external_id: Mapped[str | None] = mapped_column(String(256))
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class DeliveryRow(Base):
    """One attempt at sending."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), index=True)
    attempt: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String(500))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]


class PaceRow(Base):
    """When a lane (``thread`` is empty) or a chat was last sent to, and until when its platform wants silence."""

    __tablename__ = "send_pace"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    thread: Mapped[str] = mapped_column(String(256), primary_key=True)
    recent: Mapped[list[str]] = mapped_column(Json)
    paused_until: Mapped[datetime | None]
    #: From then on the row says nothing any more and may go.
    idle_at: Mapped[datetime] = mapped_column(index=True)
