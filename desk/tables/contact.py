"""People and their handles on channels."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base


class ContactRow(Base):
    """A person. ``customer_id`` names their row in the shop once they have proved who they are."""

    __tablename__ = "contact"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    customer_id: Mapped[str | None] = mapped_column(
        ForeignKey("shop_customer.id", ondelete="SET NULL"), index=True
    )
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ContactIdentityRow(Base):
    """A handle of a person on a channel; nothing is sent to one that is ``unreachable``."""

    __tablename__ = "contact_identity"
    __table_args__ = (UniqueConstraint("channel", "account", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    unreachable_at: Mapped[datetime | None]
    unreachable_reason: Mapped[str | None] = mapped_column(String(500))
