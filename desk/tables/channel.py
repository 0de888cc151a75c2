"""What we remember of a channel's account: how far we have read, how it is, what it costs, what we could not read."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class CursorRow(Base):
    """How far an account has been read, and which process reads it until when."""

    __tablename__ = "channel_cursor"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(Text)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    polled_at: Mapped[datetime | None]


class ChannelState(StrEnum):
    """Whether an account works; ``down`` means that an operator must act."""

    UP = "up"
    DOWN = "down"


class ChannelStateRow(Base):
    """How an account is, since when, and in the platform's words why."""

    __tablename__ = "channel_state"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    state: Mapped[ChannelState] = mapped_column(text_enum(ChannelState))
    reason: Mapped[str | None] = mapped_column(String(500))
    since: Mapped[datetime]


class ChannelCostRow(Base):
    """What a platform charged on a day (UTC), in millionths of a dollar."""

    __tablename__ = "channel_cost"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(default=0)
    micros: Mapped[int] = mapped_column(BigInteger, default=0)


class UnreadState(StrEnum):
    """How far an update is that could not be read; ``dead`` is listed for an operator, ``done`` was read later."""

    WAITING = "waiting"
    DEAD = "dead"
    DONE = "done"


_WAITING = text("state = 'waiting'")


class UnreadRow(Base):
    """An update that raised when it was read, as it came; the same one again is the same row by its ``digest``."""

    __tablename__ = "unread_update"
    __table_args__ = (
        UniqueConstraint("channel", "account", "digest"),
        Index(
            "ix_unread_update_waiting",
            "not_before",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    digest: Mapped[str] = mapped_column(String(64))
    raw: Mapped[str] = mapped_column(Text)
    state: Mapped[UnreadState] = mapped_column(text_enum(UnreadState), default=UnreadState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
