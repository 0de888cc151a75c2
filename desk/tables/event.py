"""The event log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class EventRow(Base):
    """One thing that happened; rows are only ever added."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "name", "occurred_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[str | None] = mapped_column(String(32), index=True)
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    occurred_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
