"""To whom we send nothing unasked any more."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class SuppressionReason(StrEnum):
    """Why."""

    STOPPED = "stopped"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BY_AGENT = "by_agent"


class SuppressionRow(Base):
    """One word against messages, good until it is lifted; on every channel where ``channel`` is None.

    A row with a ``digest`` is about one address on its channel. It outlives the contact: whoever comes back by that
    address is still obeyed, and nobody can read the address from it.
    """

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey("contact.id", ondelete="SET NULL"), index=True
    )
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    digest: Mapped[str | None] = mapped_column(String(64), index=True)
    channel: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[SuppressionReason] = mapped_column(text_enum(SuppressionReason))
    note: Mapped[str | None] = mapped_column(String(500))
    #: What they answered with it, if that was a campaign's. No foreign key: their word outlives the campaign.
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    #: When we last said that we have understood: once a day is enough.
    told_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(128))
    lifted_note: Mapped[str | None] = mapped_column(String(500))
