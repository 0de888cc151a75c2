"""Whose database this is, and reports of deliveries that wait for the send they are about."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId


class OriginRow(Base):
    """One row: by what the processes of this database know that it has not been set back behind what they sent.

    What they know stands beside the database, in a file of each machine (see ``analytics.campaigns.origin``).
    """

    __tablename__ = "origin"

    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Names this life of the database; another begins when somebody confirms that it was restored.
    name: Mapped[str] = mapped_column(String(32))
    #: Grows while campaigns are sent.
    beat: Mapped[int] = mapped_column(default=0)
    #: Until then a machine that does not know it yet may take it for its own.
    open_until: Mapped[datetime]
    #: Why no campaign is sent, if none is.
    doubt: Mapped[str | None] = mapped_column(String(300))
    #: What was due up to then may have been sent by the life before.
    unsure_to: Mapped[datetime | None]


class EarlyReportRow(Base):
    """What a platform said about a message whose send has not come to its end here; kept for a while."""

    __tablename__ = "early_report"
    __table_args__ = (UniqueConstraint("channel", "account", "external_id", "status"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256))
    #: One of ``desk.message.DeliveryStatus``.
    status: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(500))
    unreachable: Mapped[bool] = mapped_column(default=False)
    reported_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
