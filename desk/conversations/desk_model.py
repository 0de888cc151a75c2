"""What agents see of conversations, as values that leave the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from desk.media.policy import is_shown
from desk.tables.conversation import Author, Direction, FileState, Owner
from desk.tables.outbox import OutboxState
from desk.tables.ticket import TicketPriority, TicketStatus


class Queue(StrEnum):
    """A part of the inbox. Those who were put off are in no other part."""

    WAITING = "waiting"
    MINE = "mine"
    HUMAN = "human"
    BOT = "bot"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why somebody who waits comes before others."""

    ANGRY = "angry"
    VIP = "vip"
    COMPLAINT = "complaint"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a list goes on: after the conversation with this time and id."""

    at: datetime
    id: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A conversation as one line of the inbox.

    ``name`` is the customer's whom the contact once proved to be, else the contact's own word; ``last_text`` is
    the start of what a person wrote last, customer or agent. Who waits was promised an answer by ``due_at``.
    """

    id: str
    name: str | None
    thread: str
    channel: str
    owner: Owner
    agent: str | None
    language: str
    waiting_since: datetime | None
    updated_at: datetime
    last_text: str
    last_author: Author | None
    snoozed_until: datetime | None = None
    due_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def queue(self) -> Queue:
        """The part of the inbox it is in, for somebody who does not have it."""
        return Queue.SNOOZED if self.snoozed_until else Queue(self.owner)

    @property
    def needs_answer(self) -> bool:
        """Whether a customer waits for a person's next word."""
        return self.owner is Owner.WAITING or (
            self.owner is Owner.HUMAN and self.last_author is Author.CONTACT
        )


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """Conversations by owner, and how many each owner has in all."""

    counts: Mapping[Owner, int]
    lines: Mapping[Owner, tuple[Line, ...]]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The inbox as one agent sees it: the wanted parts, where each goes on, and how many each part has in all."""

    counts: Mapping[Queue, int]
    lines: Mapping[Queue, tuple[Line, ...]]
    older: Mapping[Queue, Place]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a message, without its content; ``size`` in bytes, ``reason`` why it is late or not there."""

    id: int
    name: str
    size: int
    content_type: str
    state: FileState
    reason: str | None

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it in place."""
        return is_shown(self.content_type)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message as agents see it. ``state`` is empty for what was not sent: the customer's words and notes."""

    id: int
    direction: Direction
    author: Author
    author_name: str | None
    text: str
    choices: tuple[str, ...]
    files: tuple[File, ...]
    state: OutboxState | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class TicketLine:
    """A ticket as one line of a list."""

    number: str
    title: str
    status: TicketStatus
    priority: TicketPriority


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What is known of a customer besides their words: bought so far by currency in cents, and the last rating."""

    bought: tuple[tuple[str, int], ...] = ()
    score: int | None = None
    scored_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A conversation with its last messages, oldest first; ``has_more`` when older ones were left out.

    ``unreachable_at`` is since when nothing is sent to the customer: they blocked us or are gone. ``collected`` is
    what the assistant has asked for already, as far as the rules allow it to be shown.
    """

    line: Line
    account: str
    contact_id: str
    epoch: int
    waiting_reason: str | None
    team: str | None
    topic: str | None
    started_at: datetime
    said: tuple[Said, ...]
    has_more: bool
    tickets: tuple[TicketLine, ...]
    unreachable_at: datetime | None = None
    collected: Mapping[str, str] = field(default_factory=dict)
    worth: Worth = Worth()

    @property
    def last_id(self) -> int:
        """The newest message, 0 when there is none."""
        return self.said[-1].id if self.said else 0


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A conversation that was found: by a message, which is the newest of ``found`` ones, or by a number."""

    line: Line
    text: str = ""
    message_id: int | None = None
    at: datetime | None = None
    author: Author | None = None
    note: bool = False
    found: int = 1


@dataclass(frozen=True, kw_only=True)
class Person:
    """A contact as one line of a list; ``thread`` is their newest one."""

    id: str
    name: str | None
    thread: str
    email: str | None
    phone: str | None
    language: str | None
    verified: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What a search found; messages before ``older`` are still to be looked through."""

    words: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    conversations: tuple[Hit, ...] = ()
    tickets: tuple[TicketLine, ...] = ()
    older: int | None = None
