"""Offers: what is offered to whom, what was learnt from clicks, and who was shown what."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, Json
from desk.tables.segment import PERSON_LENGTH


class OfferRow(Base):
    """Something we offer. ``edition`` grows at every change; the counts are kept for the limits."""

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    title_en: Mapped[str] = mapped_column(String(200))
    title_zh: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(1000))
    text_zh: Mapped[str] = mapped_column(String(1000))
    sku: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(String(2000))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    # No foreign key: an offer whose segment is deleted is for nobody, never suddenly for everybody.
    segment_id: Mapped[int | None] = mapped_column(BigInteger)
    most_shown: Mapped[int | None]
    most_taken: Mapped[int | None]
    shown: Mapped[int] = mapped_column(default=0)
    clicked: Mapped[int] = mapped_column(default=0)
    converted: Mapped[int] = mapped_column(default=0)
    edition: Mapped[int] = mapped_column(default=1)
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(128))


class OfferArmRow(Base):
    """What the bandit knows of an offer: float64 little-endian, a square of ``features`` and a vector of it."""

    __tablename__ = "offer_arm"

    offer_id: Mapped[int] = mapped_column(
        ForeignKey("offer.id", ondelete="CASCADE"), primary_key=True
    )
    features: Mapped[int]
    precision: Mapped[bytes] = mapped_column(LargeBinary)
    evidence: Mapped[bytes] = mapped_column(LargeBinary)


class OfferShownRow(Base):
    """An offer shown to somebody once. ``key`` is of what was answered: the same question is learnt from once.

    ``propensity`` is the chance with which this offer was chosen for this ``position``, given those before it.
    """

    __tablename__ = "offer_shown"
    __table_args__ = (UniqueConstraint("key", "position"), Index(None, "offer_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(128))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id", ondelete="CASCADE"))
    person_id: Mapped[str] = mapped_column(String(PERSON_LENGTH), index=True)
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    position: Mapped[int]
    reason: Mapped[str] = mapped_column(String(16))
    because: Mapped[str | None] = mapped_column(String(200))
    score: Mapped[float] = mapped_column(Float)
    propensity: Mapped[float] = mapped_column(Float)
    context: Mapped[list[float]] = mapped_column(Json)
    shown_at: Mapped[datetime]
    clicked_at: Mapped[datetime | None]
    converted_at: Mapped[datetime | None]
