"""What customers were asked, and what they think."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum
from desk.tables.conversation import Owner


class FeedbackKind(StrEnum):
    """Satisfaction with a resolution (1 to 5), effort it took (1 to 7), and whether we are recommended (0 to 10)."""

    CSAT = "csat"
    CES = "ces"
    NPS = "nps"


class SurveyState(StrEnum):
    """Where a question stands; a score that nobody asked for has none."""

    #: It is sent when it is due, if it is still right then.
    PLANNED = "planned"
    ASKED = "asked"
    #: It was not right any more; ``reason`` says why.
    WITHHELD = "withheld"


_PLANNED = text("state = 'planned'")
_UNREAD = text("comment IS NOT NULL AND read_at IS NULL")


class FeedbackRow(Base):
    """One question and its answer. The keys name the last effects, so that a retried turn repeats nothing.

    Satisfaction and effort are about a resolution of the conversation. Others have an ``occasion``, which is unique: a
    recommendation is about the shop, once for each contact and period, and ``ticket_id`` names a ticket that was
    settled apart from its conversation. Who is rated is written down when it is asked, and stays.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("kind", "conversation_id", "resolution"),
        UniqueConstraint("occasion"),
        Index(None, "kind", "surveyed_at"),
        Index("ix_feedback_planned", "due_at", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        Index("ix_feedback_unread", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[FeedbackKind] = mapped_column(text_enum(FeedbackKind), default=FeedbackKind.CSAT)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    resolution: Mapped[int | None]
    occasion: Mapped[str | None] = mapped_column(String(80))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"))
    owner: Mapped[Owner | None] = mapped_column(text_enum(Owner))
    agent: Mapped[str | None] = mapped_column(String(128))
    team: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str | None] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(String(64))
    segment: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[SurveyState | None] = mapped_column(text_enum(SurveyState))
    due_at: Mapped[datetime | None]
    #: When it was planned first; it is not put off for ever.
    planned_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(64))
    #: The last message to the customer about it; what they answer to that is an answer to this.
    message_id: Mapped[int | None] = mapped_column(BigId)
    #: How often an answer was not on the scale.
    misses: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(Text)
    #: How the comment sounds, from -1 to 1, and what it is about; empty until somebody has read it.
    mood: Mapped[float | None] = mapped_column(Float)
    comment_topic: Mapped[str | None] = mapped_column(String(64))
    read_at: Mapped[datetime | None]
    surveyed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    survey_key: Mapped[str | None] = mapped_column(String(200))
    score_key: Mapped[str | None] = mapped_column(String(200))
    comment_key: Mapped[str | None] = mapped_column(String(200))
