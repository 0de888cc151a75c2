"""Conversations, messages and attachments."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
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


class ConversationRow(Base):
    """A thread with one contact on one channel. ``epoch`` grows whenever the owner changes."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "account", "thread"),
        Index(None, "owner", "waiting_since"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    thread: Mapped[str] = mapped_column(String(256))
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


class AttachmentRow(Base):
    """A file that came with a message, kept for the agent."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
