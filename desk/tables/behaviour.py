"""What people did elsewhere and who they are, as far as an import told us."""

from datetime import date, datetime

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class BehaviourRow(Base):
    """One thing somebody did: a page seen, an e-mail opened. ``key`` is its source's, so it comes in once.

    It belongs to a customer of the shop or to a contact, never to both.
    """

    __tablename__ = "behaviour"
    # Whoever reads what is new goes by the number, which must not be given out again.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    customer_id: Mapped[str | None] = mapped_column(
        ForeignKey("shop_customer.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    channel: Mapped[str | None] = mapped_column(String(32))
    item: Mapped[str | None] = mapped_column(String(200))
    value: Mapped[float | None] = mapped_column(Float)


class DemographicsRow(Base):
    """Who a customer or a contact is: ``gender`` is female, male or other, ``country`` an ISO 3166-1 code."""

    __tablename__ = "demographics"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(
        ForeignKey("shop_customer.id", ondelete="CASCADE"), unique=True
    )
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), unique=True
    )
    gender: Mapped[str | None] = mapped_column(String(8))
    born: Mapped[date | None]
    country: Mapped[str | None] = mapped_column(String(2))
    city: Mapped[str | None] = mapped_column(String(120))
