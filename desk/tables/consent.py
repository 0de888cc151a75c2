"""What a contact allowed or forbade, each time they said so."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class ConsentRow(Base):
    """One statement; the newest of a contact and purpose counts, the older ones are the proof."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "contact_id", "purpose", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    granted: Mapped[bool]
    said_at: Mapped[datetime]
