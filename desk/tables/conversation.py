"""Conversations, messages and attachments."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class Owner(StrEnum):
    """Who answers the customer."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class Direction(StrEnum):
    """Which way a message goes; a note goes nowhere."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    NOTE = "note"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    BOT = "bot"
    AGENT = "agent"
    CAMPAIGN = "campaign"
    SYSTEM = "system"


class Outcome(StrEnum):
    """How a conversation was resolved."""

    SOLVED = "solved"
    #: Something is still to be done; its ticket stays pending.
    FOLLOW_UP = "follow_up"
    UNSOLVED = "unsolved"
    #: The customer did not answer any more.
    SILENT = "silent"
    SPAM = "spam"


_SNOOZED = text("snoozed_until IS NOT NULL")


class ConversationRow(Base):
    """A thread with one contact on one channel. ``epoch`` grows whenever the owner changes."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "account", "thread"),
        Index(None, "owner", "waiting_since"),
        Index(None, "owner", "updated_at"),
        Index(None, "agent", "owner"),
        Index(
            "ix_conversation_snoozed",
            "snoozed_until",
            sqlite_where=_SNOOZED,
            postgresql_where=_SNOOZED,
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    thread: Mapped[str] = mapped_column(String(256))
    #: The customer's handle on this channel, and what its adapter wants to have back with every answer.
    handle: Mapped[str | None] = mapped_column(String(256))
    context: Mapped[dict[str, Any] | None]
    owner: Mapped[Owner] = mapped_column(text_enum(Owner), default=Owner.BOT)
    epoch: Mapped[int] = mapped_column(default=0)
    agent: Mapped[str | None] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8), default="en")
    waiting_since: Mapped[datetime | None]
    waiting_reason: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[int] = mapped_column(default=0)
    last_seq: Mapped[int] = mapped_column(default=0)
    notice: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    owner_since: Mapped[datetime | None]
    #: Whose matter it is, what about, and how the last resolution ended.
    team: Mapped[str | None] = mapped_column(String(64))
    topic: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome))
    #: What the assistant has asked for already, by the slot's name; shown to agents.
    collected: Mapped[dict[str, Any] | None]
    #: Which people were called because nobody came.
    tier: Mapped[int] = mapped_column(default=0)
    snoozed_until: Mapped[datetime | None]
    #: When the desk was last reminded of it, and the customer asked whether they are still there.
    reminded_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    #: The last message the assistant knows of, once a person was wanted or has spoken; empty when it knows all.
    untold_after: Mapped[int | None] = mapped_column(BigId)
    #: How its last messages went, see :class:`desk.handoff.triggers.Doubts`.
    doubts: Mapped[dict[str, Any] | None]


class MessageRow(Base):
    """One utterance. ``seq`` is its place in what the customer sees; empty until it is shown or sent."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index(None, "conversation_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int | None]
    direction: Mapped[Direction] = mapped_column(text_enum(Direction))
    author: Mapped[Author] = mapped_column(text_enum(Author))
    author_name: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    choices: Mapped[list[dict[str, Any]]]
    external_id: Mapped[str | None] = mapped_column(String(256))
    inbox_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    created_at: Mapped[datetime]
    #: How the customer feels, from -1 (angry) to 1; empty if nobody looked.
    mood: Mapped[float | None] = mapped_column(Float)


class FileState(StrEnum):
    """Where a file stands."""

    KEPT = "kept"
    #: The message was accepted; the file is still with the platform.
    WAITING = "waiting"
    #: It could not be fetched in time.
    FAILED = "failed"
    #: It is gone, too large, or of a kind that is not kept.
    REFUSED = "refused"


_WAITING = text("state = 'waiting'")


class AttachmentRow(Base):
    """A file of a message, of the customer's or ours. The media store has it by ``key``, old rows by ``content``."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index(
            "ix_attachment_waiting",
            "not_before",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(128))
    #: In bytes; 0 while it is not known.
    size: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The SHA-256 of the content.
    key: Mapped[str | None] = mapped_column(String(64), index=True)
    #: By which the channel fetches it.
    reference: Mapped[str | None] = mapped_column(Text)
    state: Mapped[FileState] = mapped_column(text_enum(FileState), default=FileState.KEPT)
    #: Why it was refused or is late: a word of ours or what the platform said.
    reason: Mapped[str | None] = mapped_column(String(500))
    #: Claims so far; also the token by which a late fetch notices that another took over.
    attempts: Mapped[int] = mapped_column(default=0)
    #: When it is to be fetched; while it is being fetched, when that is taken to have died.
    not_before: Mapped[datetime | None]
