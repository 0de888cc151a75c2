"""Tickets and their history."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import MERGED, Base, BigId, Json, text_enum


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
    DELIVERY = "delivery"
    PAYMENT = "payment"
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
    TOPIC = "topic"
    TEAM = "team"
    PRODUCT = "product"
    TAGS = "tags"
    #: Another ticket, ``old``, became part of ``new``; the latter is taken back.
    MERGED = "merged"
    UNMERGED = "unmerged"
    #: It goes on as, or goes on from, another ticket.
    LINKED = "linked"


class EntryAuthor(StrEnum):
    """Who did it."""

    CONTACT = "contact"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


URGENCY = {
    TicketPriority.URGENT: 0,
    TicketPriority.HIGH: 1,
    TicketPriority.NORMAL: 2,
    TicketPriority.LOW: 3,
}
"""The order in which tickets are worked on; kept in a column, so that lists are sorted by an index."""

ACTIVE = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.ON_HOLD)
"""Tickets that somebody still has to settle."""

# "Not in", as for "in" SQLite would rather read four stretches of another index and sort them.
_IS_ACTIVE = text("status NOT IN ('resolved', 'closed')")


def _urgency(context: DefaultExecutionContext) -> int:
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return URGENCY[TicketPriority(given["priority"])]


def _active(name: str, *columns: str) -> Index:
    """Return an index over the few tickets that are not settled."""
    return Index(name, *columns, sqlite_where=_IS_ACTIVE, postgresql_where=_IS_ACTIVE)


class TicketRow(Base):
    """A matter somebody has to settle. ``key`` names the effect that opened it, so a retry opens no second one.

    ``channel``, ``language``, ``region`` and ``segment`` are the customer's when it was opened.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index(None, "contact_id", "id"),
        Index(None, "status", "id"),
        Index(None, "status", "updated_at", "id"),
        Index(None, "status", "urgency", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "urgency", "id"),
        Index(None, "topic", "id"),
        Index(None, "team", "id"),
        Index(None, "channel", "id"),
        Index(None, "merged_into", sqlite_where=MERGED, postgresql_where=MERGED),
        _active("ix_ticket_active_updated", "updated_at", "id"),
        _active("ix_ticket_active_urgency", "urgency", "id"),
        _active("ix_ticket_active_assignee", "assignee", "id", "status"),
    )

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
    #: Grows whenever a field changes; comments change none.
    version: Mapped[int] = mapped_column(default=1)
    urgency: Mapped[int] = mapped_column(default=_urgency)
    #: Who set the priority and the topic: ``rule``, ``classifier`` or ``agent``; empty if nobody chose.
    priority_by: Mapped[str | None] = mapped_column(String(16))
    topic_by: Mapped[str | None] = mapped_column(String(16))
    #: How sure the classifier was, from 0 to 1.
    topic_confidence: Mapped[float | None] = mapped_column(Float)
    team: Mapped[str | None] = mapped_column(String(64))
    product: Mapped[str | None] = mapped_column(String(64))
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    channel: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    region: Mapped[str | None] = mapped_column(String(8))
    segment: Mapped[str | None] = mapped_column(String(64))
    #: Which rule chose the assignee and why, or why nobody could be chosen.
    assigned_why: Mapped[dict[str, Any] | None]
    assigned_at: Mapped[datetime | None]
    first_replied_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    merged_into: Mapped[int | None] = mapped_column(BigId)
    #: The settled ticket that this one goes on from.
    follows: Mapped[int | None] = mapped_column(BigId, index=True)


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
    #: The message that told the customer, or that the customer wrote.
    message_id: Mapped[int | None] = mapped_column(BigId, index=True)


class TicketTagRow(Base):
    """The index of the tags, which stand in the tickets."""

    __tablename__ = "ticket_tag"
    __table_args__ = (Index(None, "tag", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)


class TicketMergeRow(Base):
    """One ticket that became part of another, with what is needed to take it back."""

    __tablename__ = "ticket_merge"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    by: Mapped[str] = mapped_column(String(128))
    why: Mapped[str | None] = mapped_column(String(500))
    #: What the other was, and the tags that the kept one got.
    before: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(128))


class TopicCorrectionRow(Base):
    """An agent knew better what a ticket is about. The customer's words are named, not copied."""

    __tablename__ = "topic_correction"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    message_ids: Mapped[list[int]] = mapped_column(Json)
    old: Mapped[TicketTopic] = mapped_column(text_enum(TicketTopic))
    new: Mapped[TicketTopic] = mapped_column(text_enum(TicketTopic))
    by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(index=True)


class SavedViewRow(Base):
    """A list of tickets under a name, for one agent or for all; ``query`` is what its address asks for."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(60))
    shared: Mapped[bool] = mapped_column(index=True)
    query: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
