"""The agents' desk as a port: one conversation is one thread there, its root a card that is kept up to date.

What is shown goes out as posts, each a row with a key, so that none is lost or doubled; what agents do comes in as
actions, each durable before it is acknowledged. The platform's own words stay in the adapter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from desk.errors import RejectedError
from desk.message import Attachment, WebhookAnswer, WebhookRequest
from desk.tables.conversation import Author, Owner


class PlaceGoneError(RejectedError):
    """The channel or the thread is not there any more: archived, deleted, or we were removed."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A thread at the desk by the platform's ids; ``thread`` is empty for the channel itself."""

    channel: str
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One utterance as the card and the thread show it; ``text`` may be long and is never markup."""

    author: Author
    text: str
    name: str | None = None
    at: datetime | None = None
    choices: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class Button(StrEnum):
    """What an agent may press on a card."""

    TAKE_OVER = "take_over"
    SEND_ONCE = "send_once"
    NOTE = "note"
    TRANSFER = "transfer"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    RELEASE = "release"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line of the card that is allowed to be shown: a label and a value."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """The root of a thread: who, where, why, and what can be done now. Rendered from rows at the time of sending."""

    conversation_id: str
    epoch: int
    owner: Owner
    title: str
    channel: str
    language: str
    agent: str | None = None
    #: The agent's id on the platform, if known, to be mentioned.
    agent_external_id: str | None = None
    reason: str | None = None
    waiting_since: datetime | None = None
    snoozed_until: datetime | None = None
    outcome: str | None = None
    #: From -1 (angry) to 1, the oldest first.
    moods: tuple[float, ...] = ()
    queue: str | None = None
    facts: tuple[Fact, ...] = ()
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()
    console_url: str | None = None
    #: Where the conversation was shown before, the latest last.
    earlier: tuple[Place, ...] = ()


class Tick(StrEnum):
    """What became of an agent's message, shown at the message itself."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class CardPost:
    """Post the card as a new root (``place.thread`` is empty), or update it where it is."""

    card: Card


@dataclass(frozen=True, kw_only=True)
class LinePost:
    """Say an utterance in the thread under its author's name."""

    line: Line
    #: A note that the customer does not see.
    internal: bool = False
    #: Which message of ours failed, to be offered again.
    retry: int | None = None


@dataclass(frozen=True, kw_only=True)
class NoticePost:
    """Tell the thread something about it; ``mention`` are platform ids of people or groups to wake."""

    text: str
    mention: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AskPost:
    """Ask one person, for their eyes only, what their words in a thread are: nothing has been sent.

    ``held`` is the platform's id of their message; the answers are :class:`Held` actions.
    """

    person: str
    held: str
    why: str


@dataclass(frozen=True, kw_only=True)
class WhisperPost:
    """Tell one person something, for their eyes only."""

    person: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TickPost:
    """Mark an agent's message with what became of it; later marks take the place of earlier ones."""

    message: str
    tick: Tick


@dataclass(frozen=True, kw_only=True)
class HomePost:
    """Show a person their own page: what is theirs, what waits."""

    person: str
    status: str
    mine: tuple[Card, ...] = ()
    waiting: tuple[Card, ...] = ()


type Post = CardPost | LinePost | NoticePost | AskPost | WhisperPost | TickPost | HomePost


@dataclass(frozen=True, kw_only=True)
class Posted:
    """The platform has it; ``external_id`` is the message's id there, for a root the thread's."""

    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who did something at the desk."""

    external_id: str
    name: str = ""
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button of a card, with what its form said; ``epoch`` is that of the card when it was pressed."""

    button: Button
    conversation_id: str
    epoch: int
    text: str = ""
    to: str | None = None
    minutes: int | None = None
    outcome: str | None = None
    topic: str | None = None
    follow_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Wrote:
    """Words in a thread; ``message`` is their id. Whether they go to the customer, the desk decides."""

    place: Place
    message: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Words in a thread were changed, or taken back (``text`` is None)."""

    place: Place
    message: str
    text: str | None


class Choice(StrEnum):
    """The answers to :class:`AskPost`."""

    TAKE_OVER = "take_over"
    SEND_ONCE = "send_once"
    NOTE = "note"
    FORGET = "forget"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What held words shall be."""

    place: Place
    message: str
    choice: Choice


@dataclass(frozen=True, kw_only=True)
class Retried:
    """Send a failed message again."""

    message_id: int


@dataclass(frozen=True, kw_only=True)
class Commanded:
    """``/frontdesk WORD ARGUMENT``; the answer is a whisper at ``place``."""

    place: Place
    word: str
    argument: str = ""


@dataclass(frozen=True, kw_only=True)
class HomeOpened:
    """A person looks at their own page."""


@dataclass(frozen=True, kw_only=True)
class RootGone:
    """A channel was archived or renamed away, a root was deleted, or we were removed from a channel."""

    place: Place


type Deed = Pressed | Wrote | Changed | Held | Retried | Commanded | HomeOpened | RootGone


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a person did at the desk; ``external_id`` is the same when the platform tells it again."""

    external_id: str
    person: Person
    at: datetime
    deed: Deed
    place: Place = field(default_factory=lambda: Place(channel=""))


class AgentDesk(Protocol):
    """A platform on which agents work; ``channel`` is where threads are opened that no rule sends elsewhere."""

    name: str
    channel: str

    async def post(self, post: Post, place: Place, *, key: str, again: bool) -> Posted:
        """Show something. ``key`` is stable over retries; ``again`` says that an attempt may have got through.

        Raises:
            RetryableError: try again, not before its ``retry_in``.
            ChannelDownError: as before, and an operator must act.
            PlaceGoneError: the thread must begin anew elsewhere.
            RejectedError: give up this post.
        """

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file that came with :class:`Wrote`, at most ``most`` bytes. Errors as ``post``."""

    async def person(self, external_id: str) -> Person:
        """Return who somebody is, with name and e-mail. Errors as ``post``."""

    async def may_act(self, external_id: str) -> bool:
        """Say whether somebody is one of the agents: in the user group or a member of the desk's channels."""


class DeskIngress(Protocol):
    """The way in: requests are verified, taken apart, made durable by the core, then acknowledged."""

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless the platform sent this, and lately."""

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return what a verified handshake wants to hear."""

    def parse(self, request: WebhookRequest) -> Sequence[Action]:
        """Return what people did; requests that say nothing give an empty list."""

    async def after(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Do what must be done within the platform's three seconds once the request is durable: open a form.

        Never raises; returns what the platform wants as the answer's body, if anything.
        """
