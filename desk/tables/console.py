"""What the console keeps of its own: saved replies, and who looks at what."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class CannedRow(Base):
    """A reply that is said again and again, in one language or both; everybody's, or one agent's own."""

    __tablename__ = "canned_reply"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(Text)
    zh: Mapped[str] = mapped_column(Text)
    #: The agent whose own it is; empty when it is everybody's.
    owner: Mapped[str] = mapped_column(String(128), default="")
    updated_by: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime]


class PresenceRow(Base):
    """Somebody who has a conversation open, and when they last typed. What is not renewed is not true any more."""

    __tablename__ = "presence"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    agent: Mapped[str] = mapped_column(String(128), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    typed_at: Mapped[datetime | None]
