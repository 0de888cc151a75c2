"""Webhooks that go out, their deliveries, and what was answered to callers of the API who may ask again."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class WebhookRow(Base):
    """An address of somebody else's that is told what happens here.

    The secret is made from our key and ``salt``, so that a copy of the table signs nothing.
    """

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(String(2_000))
    name: Mapped[str] = mapped_column(String(100))
    #: What it is told: ``{"kinds": ["ticket.opened", "feedback.*"]}``.
    wanted: Mapped[dict[str, Any]]
    #: Whether it is told what was said, too.
    with_text: Mapped[bool] = mapped_column(default=False)
    salt: Mapped[str] = mapped_column(String(64))
    #: Until then the secret before signs as well.
    old_salt: Mapped[str | None] = mapped_column(String(64))
    old_until: Mapped[datetime | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    #: Why we switched it off: a word of ours. Empty when a person did.
    off_reason: Mapped[str | None] = mapped_column(String(64))
    #: Since when nothing has arrived there, if something failed.
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))


class WebhookState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    #: The last try failed, too.
    DEAD = "dead"


_OPEN = text("state IN ('queued', 'sending')")


class WebhookDeliveryRow(Base):
    """One message to one address; ``message_id`` is the same at every try."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "not_before",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(None, "webhook_id", "id"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    #: The event it tells of; empty for what a rule or a test sends.
    event_id: Mapped[int | None] = mapped_column(BigId)
    state: Mapped[WebhookState] = mapped_column(
        text_enum(WebhookState), default=WebhookState.QUEUED
    )
    #: Claims so far; also the token by which a late sender notices that another took over.
    attempts: Mapped[int] = mapped_column(default=0)
    #: Tries that failed since it was queued last: a replay begins anew.
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    #: What the receiver answered last: the status, the start of the body, and what was wrong with it.
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApiAnswerRow(Base):
    """What was answered to a request that names an ``Idempotency-Key``; asked again, it gets the same."""

    __tablename__ = "api_answer"
    __table_args__ = (Index(None, "created_at"),)

    caller: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    #: The SHA-256 of the request.
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    #: As it was sent, to the byte.
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
