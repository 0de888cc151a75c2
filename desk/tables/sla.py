"""Promises of time: calendars, policies, and the clocks that run on tickets."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, Json, text_enum


class BusinessCalendarRow(Base):
    """When people are at work, as :class:`desk.calendars.spec.CalendarSpec` writes it."""

    __tablename__ = "business_calendar"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    week: Mapped[dict[str, Any]]
    country: Mapped[str | None] = mapped_column(String(8))
    subdivision: Mapped[str | None] = mapped_column(String(16))
    days: Mapped[list[dict[str, Any]]]
    updated_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))


class SlaPolicyRow(Base):
    """What is promised to whom; the first in order that fits a ticket counts. Empty lists fit everybody."""

    __tablename__ = "sla_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    position: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    priorities: Mapped[list[str]] = mapped_column(Json)
    segments: Mapped[list[str]] = mapped_column(Json)
    #: By the kind of clock: ``{"seconds": 3600, "calendar": "shop"}``.
    targets: Mapped[dict[str, Any]]
    #: The share of the time, in percent, after which a warning goes out.
    warn_percent: Mapped[int] = mapped_column(default=80)
    updated_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))


class ClockKind(StrEnum):
    """What is timed."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class ClockOutcome(StrEnum):
    """How a clock ended."""

    MET = "met"
    MISSED = "missed"
    #: Nobody owed it any more: merged, resolved without an answer, or another policy counts now.
    DROPPED = "dropped"


_TO_LOOK_AT = text("next_at IS NOT NULL")


class TicketClockRow(Base):
    """A promise that runs. ``next_at`` is when it is to be looked at: for the warning, then for the breach.

    ``pauses`` has ``{"from", "to"}`` of each pause that is over. The target, the calendar and the policy's name are
    kept as they were when it was computed.
    """

    __tablename__ = "ticket_clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "number"),
        Index(
            "ix_ticket_clock_next",
            "next_at",
            sqlite_where=_TO_LOOK_AT,
            postgresql_where=_TO_LOOK_AT,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    kind: Mapped[ClockKind] = mapped_column(text_enum(ClockKind))
    #: Which one of its kind on this ticket, from 1.
    number: Mapped[int]
    policy_id: Mapped[int | None] = mapped_column(
        ForeignKey("sla_policy.id", ondelete="SET NULL"), index=True
    )
    policy: Mapped[str] = mapped_column(String(100))
    calendar: Mapped[str] = mapped_column(String(80))
    target_seconds: Mapped[int]
    warn_percent: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pauses: Mapped[list[dict[str, Any]]]
    #: Business time that it has run, when it was paused or stopped.
    spent_seconds: Mapped[int | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    outcome: Mapped[ClockOutcome | None] = mapped_column(text_enum(ClockOutcome))
