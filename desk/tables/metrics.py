"""What reports are computed from: spans folded out of the event log. Times and durations are milliseconds.

Plain numbers, because a report reads a hundred thousand of them at once.
"""

from sqlalchemy import BigInteger, Float, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId

_SUBJECT = String(48)
_WORD = String(128)


class MetricGroupRow(Base):
    """What spans are told apart by; ``id`` is the hash of all the rest."""

    __tablename__ = "metric_group"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(_WORD)
    team: Mapped[str] = mapped_column(_WORD)
    channel: Mapped[str] = mapped_column(_WORD)
    topic: Mapped[str] = mapped_column(_WORD)
    segment: Mapped[str] = mapped_column(_WORD)
    language: Mapped[str] = mapped_column(_WORD)
    reason: Mapped[str] = mapped_column(_WORD)


class MetricSpanRow(Base):
    """Something that lasted or is counted. ``revision`` grows with every change, so that readers find what is new."""

    __tablename__ = "metric_span"
    __table_args__ = (UniqueConstraint("subject", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(_SUBJECT)
    number: Mapped[int]
    round: Mapped[int]
    revision: Mapped[int] = mapped_column(BigInteger, index=True)
    group_id: Mapped[int] = mapped_column(BigInteger)
    customer: Mapped[int] = mapped_column(BigInteger)
    started: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[int] = mapped_column(BigInteger, index=True)
    lasted: Mapped[int] = mapped_column(BigInteger)
    business: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float | None] = mapped_column(Float)


class MetricOpenRow(Base):
    """Something that has begun and not ended."""

    __tablename__ = "metric_open"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(_SUBJECT, index=True)
    group_id: Mapped[int] = mapped_column(BigInteger)
    started: Mapped[int] = mapped_column(BigInteger)


class MetricStateRow(Base):
    """What the next event of a conversation or a ticket is folded into; ``due`` is when it changes without one."""

    __tablename__ = "metric_state"

    subject: Mapped[str] = mapped_column(_SUBJECT, primary_key=True)
    due: Mapped[int | None] = mapped_column(BigInteger, index=True)
    state: Mapped[str] = mapped_column(Text)


class MetricPersonRow(Base):
    """Who is somebody else by now: two contacts that turned out to be one customer."""

    __tablename__ = "metric_person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kept: Mapped[int] = mapped_column(BigInteger)


class MetricProgressRow(Base):
    """How far the figures have come: one row. ``generation`` counts how often they were computed anew."""

    __tablename__ = "metric_progress"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    #: The latest time that the log has told.
    told: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[int]
