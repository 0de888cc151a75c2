"""Segments: rules about people, what they were, who belongs, and each time that was computed."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId

PERSON_LENGTH = 80
"""``c:`` or ``p:`` and the id of a customer or a contact."""


class SegmentRow(Base):
    """People by a rule. ``edition`` grows at every change, ``version`` when the rule is another.

    ``claim`` is who computes it now, until when it is theirs alone. ``shown_run`` is the run whose members are seen.
    """

    __tablename__ = "segment"
    __table_args__ = (Index(None, "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str] = mapped_column(String(1000), default="")
    rule: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    edition: Mapped[int] = mapped_column(default=1)
    #: None: only when it is asked for.
    refresh_seconds: Mapped[int | None]
    due_at: Mapped[datetime | None]
    size: Mapped[int | None]
    refreshed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]
    shown_run: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(128))


class SegmentVersionRow(Base):
    """A rule that a segment has or had."""

    __tablename__ = "segment_version"

    segment_id: Mapped[int] = mapped_column(
        ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))


class SegmentRunRow(Base):
    """A segment computed once; without ``finished_at`` it goes on, or is taken up again after a kill."""

    __tablename__ = "segment_run"
    __table_args__ = (Index(None, "segment_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segment.id", ondelete="CASCADE"))
    version: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    size: Mapped[int | None]
    entered: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(String(300))


class SegmentMemberRow(Base):
    """A person who belongs to a segment, and since when; see :data:`BELONGS`.

    ``came_run`` and ``gone_run`` are the runs that brought or took them, until an event has told it.
    """

    __tablename__ = "segment_member"

    segment_id: Mapped[int] = mapped_column(
        ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(String(PERSON_LENGTH), primary_key=True, index=True)
    since: Mapped[datetime]
    came_run: Mapped[int | None] = mapped_column(BigInteger)
    gone_run: Mapped[int | None] = mapped_column(BigInteger)


_SHOWN = (
    select(SegmentRow.shown_run)
    .where(SegmentRow.id == SegmentMemberRow.segment_id)
    .correlate(SegmentMemberRow)
    .scalar_subquery()
)
BELONGS: ColumnElement[bool] = and_(
    or_(SegmentMemberRow.came_run.is_(None), SegmentMemberRow.came_run <= _SHOWN),
    or_(SegmentMemberRow.gone_run.is_(None), SegmentMemberRow.gone_run > _SHOWN),
)
"""Says of a member's row whether they belong as readers see it: what a run has prepared is seen all at once."""
