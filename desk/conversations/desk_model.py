"""What agents see of conversations, as values that leave the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from desk.tables.conversation import Author, Direction, Owner
from desk.tables.outbox import OutboxState
from desk.tables.ticket import TicketPriority, TicketStatus


@dataclass(frozen=True, kw_only=True)
class Line:
    """A conversation as one line of the inbox.

    ``name`` is the customer's whom the contact once proved to be, else the contact's own word; ``last_text`` is
    the start of what a person wrote last, customer or agent.
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
class File:
    """A file that came with a message, without its content; ``size`` in bytes."""

    id: int
    name: str
    size: int


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
class Talk:
    """A conversation with its last messages, oldest first; ``has_more`` when older ones were left out.

    ``unreachable_at`` is since when nothing is sent to the customer: they blocked us or are gone.
    """

    line: Line
    account: str
    waiting_reason: str | None
    started_at: datetime
    said: tuple[Said, ...]
    has_more: bool
    tickets: tuple[TicketLine, ...]
    unreachable_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A conversation that was looked for; ``text`` is its last message with one of the words, or empty."""

    line: Line
    text: str


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What a search found; ``has_more`` when there are more conversations than these."""

    words: tuple[str, ...] = ()
    conversations: tuple[Hit, ...] = ()
    tickets: tuple[TicketLine, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file with its content."""

    name: str
    content: bytes
