"""Users, their sessions, teams, tokens of programs, and the record of what was done."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.access.policy import Role
from desk.tables.base import Base, BigId, Json, text_enum


class UserRow(Base):
    """Somebody who signs in to the console. Their ``name`` is that of the agent they are, if they answer customers."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    team: Mapped[str | None] = mapped_column(String(64))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    password_at: Mapped[datetime | None]
    #: The second step's secret, sealed; it counts from ``totp_at`` on.
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_at: Mapped[datetime | None]
    #: The step of the last code that was used: no code of it or of an earlier one is good again.
    totp_step: Mapped[int] = mapped_column(BigId, default=0)
    #: Hashes of the recovery codes that are left.
    recovery: Mapped[list[str]] = mapped_column(Json, default=list)
    #: Who they are at the provider of single sign-on.
    issuer: Mapped[str | None] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(String(255))
    #: Which of the links made for them is good: the latest, until it is used.
    link_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(128))
    signed_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class SessionRow(Base):
    """A signed-in browser. Without a user it came with the console's token, under a ``name``."""

    __tablename__ = "console_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: Of what the cookie holds; whoever reads the database cannot make a cookie of it.
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(128), default="")
    #: Of which console token, for those who came with it.
    token_mark: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class TeamRow(Base):
    """A group of agents, beside those of the rules file; ``channel`` is where it works on the desk's platform."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]


class TokenRow(Base):
    """What a program shows to use the API; only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditRow(Base):
    """What somebody saw or did; each row holds the hash of the one before. Rows are only ever added."""

    __tablename__ = "audit"
    __table_args__ = (
        Index(None, "who", "number"),
        Index(None, "deed", "number"),
        Index(None, "thing", "number"),
    )

    #: Without gaps, unlike a counter of the database.
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(128))
    deed: Mapped[str] = mapped_column(String(64))
    thing: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Base):
    """The last row of the record; whoever adds one holds this one's lock, so that rows come one after the other."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(64))
