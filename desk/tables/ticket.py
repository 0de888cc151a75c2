"""Tickets and their history."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class TicketStatus(StrEnum):
    """Where a ticket is; the allowed moves stand in :mod:`desk.tickets.status`."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"


class TicketPriority(StrEnum):
    """How soon somebody should look."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketTopic(StrEnum):
    """What a ticket is about."""

    REFUND = "refund"
    COMPLAINT = "complaint"
    ADDRESS_CHANGE = "address_change"
    ORDER_CHANGE = "order_change"
    CANCELLATION = "cancellation"
    ACCOUNT = "account"
    QUESTION = "question"
    HANDOFF = "handoff"
    FEEDBACK = "feedback"
    ERROR = "error"
    OTHER = "other"


class EntryKind(StrEnum):
    """What an entry of the history records."""

    CREATED = "created"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    COMMENT = "comment"


class EntryAuthor(StrEnum):
    """Who did it."""

    CONTACT = "contact"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class TicketRow(Base):
    """A matter somebody has to settle. ``key`` names the effect that opened it, so a retry opens no second one."""

    __tablename__ = "ticket"
    __table_args__ = (Index(None, "contact_id", "id"), Index(None, "status", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    status: Mapped[TicketStatus] = mapped_column(text_enum(TicketStatus))
    priority: Mapped[TicketPriority] = mapped_column(text_enum(TicketPriority))
    topic: Mapped[TicketTopic] = mapped_column(text_enum(TicketTopic))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    contact_detail: Mapped[str | None] = mapped_column(String(254))
    order_number: Mapped[str | None] = mapped_column(String(20), index=True)
    assignee: Mapped[str | None] = mapped_column(String(128), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class TicketEntryRow(Base):
    """One line of a ticket's history; what is not ``public`` is for agents only."""

    __tablename__ = "ticket_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind))
    author: Mapped[EntryAuthor] = mapped_column(text_enum(EntryAuthor))
    author_name: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    old: Mapped[str | None] = mapped_column(String(128))
    new: Mapped[str | None] = mapped_column(String(128))
    public: Mapped[bool]
    created_at: Mapped[datetime]
