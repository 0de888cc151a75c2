"""The rules by which tickets get a priority and an agent; the console changes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum
from desk.tables.ticket import TicketPriority


class AssignmentRuleRow(Base):
    """Who gets the tickets that have all that ``when`` names; rules are asked by ``position``."""

    __tablename__ = "assignment_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    position: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    when: Mapped[dict[str, Any]]
    #: ``{"skills": [...], "team": ..., "agents": [...]}``
    wanted: Mapped[dict[str, Any]]
    #: When none of these is there: whether the ticket waits for them, or the next rule is asked.
    waits: Mapped[bool]
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(128))


class PriorityRuleRow(Base):
    """The priority of tickets that have all that ``when`` names; the first rule that fits counts."""

    __tablename__ = "priority_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    position: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    when: Mapped[dict[str, Any]]
    priority: Mapped[TicketPriority] = mapped_column(text_enum(TicketPriority))
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(128))
