"""Posts: what is published for everybody, what people did with it, and when a channel has room for one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class PostState(StrEnum):
    """Where a post stands."""

    #: Waits for the second pair of eyes; it may have a time already.
    DRAFT = "draft"
    #: Approved, and without a time.
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    #: Handed to the platform, which has not answered.
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    #: Refused, or too late; the reason says what to do.
    FAILED = "failed"
    #: Nobody knows whether it is there; never published again by itself.
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


_SCHEDULED = text("state = 'scheduled'")
_PUBLISHING = text("state = 'publishing'")
_MEASURED = text("measure_at IS NOT NULL")


class PostRow(Base):
    """A post on one account. ``edition`` grows at every change of its words; what was approved is one edition."""

    __tablename__ = "post"
    __table_args__ = (
        Index(
            "ix_post_scheduled",
            "not_before",
            sqlite_where=_SCHEDULED,
            postgresql_where=_SCHEDULED,
        ),
        Index(
            "ix_post_publishing",
            "lease_until",
            sqlite_where=_PUBLISHING,
            postgresql_where=_PUBLISHING,
        ),
        Index("ix_post_measure", "measure_at", sqlite_where=_MEASURED, postgresql_where=_MEASURED),
        Index(None, "state", "id"),
        Index(None, "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(2000))
    #: The image is in the media store.
    image_key: Mapped[str | None] = mapped_column(String(64), index=True)
    image_name: Mapped[str | None] = mapped_column(String(255))
    image_type: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[PostState] = mapped_column(text_enum(PostState), default=PostState.DRAFT)
    #: What the calendar says; ``not_before`` is later when the platform asked us to wait.
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    edition: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(128))
    approved_at: Mapped[datetime | None]
    #: The second pair of eyes.
    approved_by: Mapped[str | None] = mapped_column(String(128))
    #: Who has it in hand, and until when that is believed.
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(500))
    external_id: Mapped[str | None] = mapped_column(String(256))
    url: Mapped[str | None] = mapped_column(String(2000))
    published_at: Mapped[datetime | None]
    #: When to ask again what people did with it.
    measure_at: Mapped[datetime | None]


class PostMetricRow(Base):
    """What people had done with a post about ``hours`` after it was published; null is what nobody tells."""

    __tablename__ = "post_metric"
    __table_args__ = (UniqueConstraint("post_id", "hours"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    hours: Mapped[int]
    measured_at: Mapped[datetime]
    likes: Mapped[int | None]
    reposts: Mapped[int | None]
    replies: Mapped[int | None]
    quotes: Mapped[int | None]
    bookmarks: Mapped[int | None]
    views: Mapped[int | None]
    clicks: Mapped[int | None]


class PostSlotRow(Base):
    """A time of the week at which an account has room for a post, on the shop's clock; Monday is 0."""

    __tablename__ = "post_slot"
    __table_args__ = (UniqueConstraint("channel", "account", "weekday", "minute"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    weekday: Mapped[int]
    minute: Mapped[int]
