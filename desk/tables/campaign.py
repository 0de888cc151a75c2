"""Campaigns: what is sent to whom and when, each time that happened, and what became of every recipient."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """Where one occurrence of a campaign stands."""

    #: Its audience is being written down.
    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RecipientState(StrEnum):
    """What became of one recipient. Each has exactly one state, so that the counts sum to the audience."""

    #: Waits for its time.
    QUEUED = "queued"
    #: Waits until a test has shown what it says.
    HELD = "held"
    #: A sender has it in hand and has not begun.
    CLAIMED = "claimed"
    #: Handed to the platform, which has not answered.
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    #: The platform refused it for good.
    FAILED = "failed"
    #: Nobody knows whether it was sent; never sent again by itself.
    UNKNOWN = "unknown"
    #: Not to be sent; the reason says why.
    SKIPPED = "skipped"
    #: Left out on purpose, to be compared with.
    HOLDOUT = "holdout"


OPEN = (
    RecipientState.QUEUED,
    RecipientState.HELD,
    RecipientState.CLAIMED,
    RecipientState.SENDING,
)
REACHED = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.READ)
_QUEUED = text("state = 'queued'")
_HELD = text("state IN ('claimed', 'sending')")
_UNTOLD = text("NOT told AND sent_at IS NOT NULL")
_WOKEN = text("wake_at IS NOT NULL")
_WATCHES = text("watches IS NOT NULL")


class CampaignRow(Base):
    """What is to be sent. ``plan`` is data (see ``analytics.campaigns.plan``); ``edition`` grows at every change."""

    __tablename__ = "campaign"
    __table_args__ = (
        Index("ix_campaign_wake", "wake_at", sqlite_where=_WOKEN, postgresql_where=_WOKEN),
        Index("ix_campaign_watches", "watches", sqlite_where=_WATCHES, postgresql_where=_WATCHES),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[CampaignState] = mapped_column(
        text_enum(CampaignState), default=CampaignState.DRAFT
    )
    plan: Mapped[dict[str, Any]]
    edition: Mapped[int] = mapped_column(default=1)
    #: When somebody has to look whether there is something to do; the row decides what.
    wake_at: Mapped[datetime | None]
    #: The events after which it goes out to those to whom they happen; see ``desk.tables.journey``.
    watches: Mapped[str | None] = mapped_column(String(129))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(128))
    launched_at: Mapped[datetime | None]
    launched_by: Mapped[str | None] = mapped_column(String(128))
    #: The second pair of eyes.
    approved_by: Mapped[str | None] = mapped_column(String(128))
    #: Why it stands still or was ended: somebody's words, or a rule's.
    reason: Mapped[str | None] = mapped_column(String(300))


class CampaignRunRow(Base):
    """One occurrence of a campaign, with the plan as it was then; ``occurrence`` is a local date or an event's id."""

    __tablename__ = "campaign_run"
    __table_args__ = (
        UniqueConstraint("campaign_id", "occurrence"),
        Index(None, "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    occurrence: Mapped[str] = mapped_column(String(64))
    state: Mapped[RunState] = mapped_column(text_enum(RunState), default=RunState.PLANNING)
    plan: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    #: Who plans it, until when it is theirs alone, and up to whom the audience is written down.
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]
    planned_to: Mapped[str] = mapped_column(String(80), default="")
    audience: Mapped[int] = mapped_column(default=0)
    #: When it was decided who is worth a message, see :mod:`desk.tables.campaign_rank`; empty without a rank.
    ranked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: When the test among its variants is decided at the latest, when it was, what won, and why.
    decide_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    winner: Mapped[str | None] = mapped_column(String(32))
    decision: Mapped[dict[str, Any] | None]
    #: For what it was stopped already; who lets it go on has decided about that.
    halted: Mapped[str | None] = mapped_column(String(64))


class CampaignRecipientRow(Base):
    """One person of a run's audience, written once. ``contact_id`` has no foreign key: the count outlives the person.

    ``thread`` and ``address`` are what the channel's adapter wants; ``token`` is who has it in hand.
    """

    __tablename__ = "campaign_recipient"
    __table_args__ = (
        UniqueConstraint("run_id", "contact_id"),
        Index(None, "run_id", "state"),
        Index(
            "ix_campaign_recipient_queued",
            "run_id",
            "channel",
            "account",
            "not_before",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index(
            "ix_campaign_recipient_held",
            "lease_until",
            sqlite_where=_HELD,
            postgresql_where=_HELD,
        ),
        Index(
            "ix_campaign_recipient_untold", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD
        ),
        Index(None, "contact_id", "sent_at"),
        Index(None, "channel", "account", "external_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id", ondelete="CASCADE"))
    contact_id: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    thread: Mapped[str] = mapped_column(String(256))
    address: Mapped[str] = mapped_column(String(256))
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    language: Mapped[str] = mapped_column(String(8))
    #: The time zone in which quiet hours are theirs.
    zone: Mapped[str] = mapped_column(String(64))
    variant: Mapped[str] = mapped_column(String(32))
    state: Mapped[RecipientState] = mapped_column(text_enum(RecipientState))
    reason: Mapped[str | None] = mapped_column(String(300))
    #: When it was to be sent as planned, also to the holdout; empty for whom something forbade already then.
    due_at: Mapped[datetime | None]
    #: Not of the test, but of those who get what wins it.
    rest: Mapped[bool] = mapped_column(default=False)
    not_before: Mapped[datetime]
    #: Later is too late.
    not_after: Mapped[datetime]
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    external_id: Mapped[str | None] = mapped_column(String(256))
    #: When it was handed to the platform.
    sent_at: Mapped[datetime | None]
    #: Whether the conversation and the event log know of it.
    told: Mapped[bool] = mapped_column(default=False)


class CampaignReplyRow(Base):
    """A recipient's first answer, by its inbox row. No foreign key: the recipient's row is not to be locked for it."""

    __tablename__ = "campaign_reply"

    recipient_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    inbox_id: Mapped[int] = mapped_column(BigId)
    replied_at: Mapped[datetime]
