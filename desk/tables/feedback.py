"""What customers thought of a resolved conversation."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum
from desk.tables.conversation import Owner


class FeedbackRow(Base):
    """One rating of one resolution. The keys name the last effects, so that a retried turn repeats nothing."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("conversation_id", "resolution"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    resolution: Mapped[int]
    owner: Mapped[Owner] = mapped_column(text_enum(Owner))
    agent: Mapped[str | None] = mapped_column(String(128))
    score: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(Text)
    surveyed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    survey_key: Mapped[str | None] = mapped_column(String(200))
    score_key: Mapped[str | None] = mapped_column(String(200))
    comment_key: Mapped[str | None] = mapped_column(String(200))
