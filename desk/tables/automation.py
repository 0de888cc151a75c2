"""Rules and what they did; tasks and notes about contacts that they, or people, left."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, Json, text_enum


class AutomationRuleRow(Base):
    """When one of ``events`` happens, or a ticket has ``waited``, and ``condition`` holds, ``actions`` are done."""

    __tablename__ = "automation_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    position: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    #: No later rule looks at an event that this one has acted on.
    stop: Mapped[bool] = mapped_column(default=False)
    events: Mapped[list[str]] = mapped_column(Json)
    #: ``{"field": "status", "value": "pending", "seconds": 86400}`` instead of events.
    waited: Mapped[dict[str, Any] | None]
    condition: Mapped[dict[str, Any]]
    actions: Mapped[list[dict[str, Any]]]
    #: Runs that failed since the last one that did not; too many switch the rule off.
    failures: Mapped[int] = mapped_column(default=0)
    off_reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    DONE = "done"
    #: At least one action failed for good; the others were done.
    FAILED = "failed"
    #: Not done on purpose: the rule would have gone in circles.
    HELD = "held"


_OPEN = text("state = 'queued'")


class AutomationRunRow(Base):
    """A rule and what it acts on, once: ``key`` names the event, or the ticket and since when it has waited."""

    __tablename__ = "automation_run"
    __table_args__ = (
        UniqueConstraint("rule_id", "key"),
        Index(None, "rule_id", "subject", "created_at"),
        Index(
            "ix_automation_run_open",
            "subject",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("automation_rule.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    #: The rules whose deeds led to the event, the first of them first.
    chain: Mapped[list[int]] = mapped_column(Json)
    #: Whose runs go one after the other.
    subject: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    contact_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[RunState] = mapped_column(text_enum(RunState))
    reason: Mapped[str | None] = mapped_column(String(300))
    #: For each action ``{"kind", "state", "detail"}``.
    outcomes: Mapped[list[dict[str, Any]]]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class TaskRow(Base):
    """Something to be done by somebody, until a time."""

    __tablename__ = "task"
    __table_args__ = (Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    ticket_id: Mapped[int | None] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    assignee: Mapped[str | None] = mapped_column(String(128), index=True)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(128))


class ContactAttributeRow(Base):
    """Something known about a contact that no other column has."""

    __tablename__ = "contact_attribute"

    contact_id: Mapped[str] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(1000))
    updated_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))
