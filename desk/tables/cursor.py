"""How far readers of the event log have come."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class EventCursorRow(Base):
    """One reader's place. ``missing`` has the ids below ``last_id`` that were not there yet, and since when."""

    __tablename__ = "event_cursor"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_id: Mapped[int] = mapped_column(BigId, default=0)
    missing: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime | None]
