"""Agents, and their desk: threads, what is to be posted there, what was done there."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, Json, text_enum


class AgentStatus(StrEnum):
    """Whether somebody is at work."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class AgentRow(Base):
    """Somebody who answers customers. Conversations name their owner by ``name``, which is unique."""

    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    #: Who they are on the desk's platform.
    external_id: Mapped[str | None] = mapped_column(String(128), unique=True)
    team: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[AgentStatus] = mapped_column(text_enum(AgentStatus), default=AgentStatus.ONLINE)
    #: How many conversations they want to have at once.
    capacity: Mapped[int] = mapped_column(default=5)
    status_since: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    #: What they know. Who lists languages or regions gets only what is in one of them.
    skills: Mapped[list[str]] = mapped_column(Json, default=list)
    languages: Mapped[list[str]] = mapped_column(Json, default=list)
    regions: Mapped[list[str]] = mapped_column(Json, default=list)
    #: When their account was taken away: whatever they still see at the desk, they may do nothing there.
    removed_at: Mapped[datetime | None]


_CURRENT = text("left_at IS NULL")


class DeskThreadRow(Base):
    """A conversation's thread at the desk; earlier ones are kept, one at most is current."""

    __tablename__ = "desk_thread"
    __table_args__ = (
        UniqueConstraint("channel", "thread"),
        Index(
            "ix_desk_thread_current",
            "conversation_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    channel: Mapped[str] = mapped_column(String(128))
    #: The root's id on the platform; empty until it is posted.
    thread: Mapped[str | None] = mapped_column(String(128))
    #: How often the card was rendered; a card that was rendered earlier never takes the place of a later one.
    version: Mapped[int] = mapped_column(default=0)
    #: The newest message that was given to the thread.
    last_message_id: Mapped[int] = mapped_column(BigId, default=0)
    opened_at: Mapped[datetime]
    #: When it was given up for another.
    left_at: Mapped[datetime | None]


class PostKind(StrEnum):
    """What is to be shown. A root is the first card of a thread."""

    ROOT = "root"
    CARD = "card"
    LINE = "line"
    NOTICE = "notice"
    ASK = "ask"
    WHISPER = "whisper"
    TICK = "tick"
    HOME = "home"


class PostState(StrEnum):
    """Where a post stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    #: Something newer says the same better.
    DROPPED = "dropped"


_OPEN_POST = text("state IN ('queued', 'sending')")


class DeskPostRow(Base):
    """Something to be shown at the desk. Those of a ``lane`` go one after the other, by ``rank``, then in order.

    ``payload`` has what the rows do not know; a card and a line are rendered from rows when they are sent.
    """

    __tablename__ = "desk_post"
    __table_args__ = (
        Index(
            "ix_desk_post_lane",
            "lane",
            "rank",
            "id",
            sqlite_where=_OPEN_POST,
            postgresql_where=_OPEN_POST,
        ),
        Index(
            "ix_desk_post_due",
            "not_before",
            sqlite_where=_OPEN_POST,
            postgresql_where=_OPEN_POST,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    lane: Mapped[str] = mapped_column(String(160))
    rank: Mapped[int] = mapped_column(default=1)
    kind: Mapped[PostKind] = mapped_column(text_enum(PostKind))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("desk_thread.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[PostState] = mapped_column(text_enum(PostState), default=PostState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    external_id: Mapped[str | None] = mapped_column(String(128))
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class ActionState(StrEnum):
    """Where something that an agent did stands."""

    NEW = "new"
    WORKING = "working"
    DONE = "done"
    #: It failed for the last time.
    DEAD = "dead"


_OPEN_ACTION = text("state IN ('new', 'working')")


class DeskActionRow(Base):
    """Something that somebody did at the desk, durable before it is acknowledged; once, however often it is told."""

    __tablename__ = "desk_action"
    __table_args__ = (
        Index(
            "ix_desk_action_lane",
            "lane",
            "id",
            sqlite_where=_OPEN_ACTION,
            postgresql_where=_OPEN_ACTION,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_id: Mapped[str] = mapped_column(String(256), unique=True)
    lane: Mapped[str] = mapped_column(String(300))
    payload: Mapped[dict[str, Any]]
    state: Mapped[ActionState] = mapped_column(text_enum(ActionState), default=ActionState.NEW)
    #: Claims so far; also the token by which a late worker notices that another took over.
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class DeskMessageRow(Base):
    """What a message of ours is called at the desk: an agent's words there, or a line that we posted."""

    __tablename__ = "desk_message"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(128))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    #: Whether an agent wrote it at the desk; then it gets ticks.
    from_desk: Mapped[bool]


class HeldState(StrEnum):
    """What became of words that were not sent by themselves."""

    HELD = "held"
    #: They were changed or taken back before they came.
    EARLY = "early"
    SENT = "sent"
    NOTED = "noted"
    FORGOTTEN = "forgotten"


class HeldRow(Base):
    """Words in a thread that wait for their writer to say what they are; without ``text`` they were taken back."""

    __tablename__ = "desk_held"
    __table_args__ = (UniqueConstraint("channel", "message"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(128))
    message: Mapped[str] = mapped_column(String(128))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    person: Mapped[str] = mapped_column(String(128))
    text: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[list[dict[str, Any]]]
    state: Mapped[HeldState] = mapped_column(text_enum(HeldState), default=HeldState.HELD)
    created_at: Mapped[datetime]
