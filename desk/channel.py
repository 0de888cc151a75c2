"""The channel port: what every channel gives and gets, in our words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from desk.errors import RejectedError, RetryableError
from desk.message import (
    Accept,
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
)


class Feature(StrEnum):
    """What a channel can show or promise."""

    BUTTONS = "buttons"
    LINKS = "links"
    TYPING = "typing"
    #: Files can be sent to the customer; elsewhere they get a link.
    ATTACHMENTS = "attachments"
    #: Customers read straight from our message table: storing a message is sending it.
    LOCAL = "local"


class UnreachableError(RejectedError):
    """The customer cannot be reached here any more: blocked us, left, or is deleted."""


class ChannelDownError(RetryableError):
    """The platform refuses our credentials or our account: nothing goes through until an operator acts."""


class Scope(StrEnum):
    """What stands still when a platform asks us to wait."""

    CHAT = "chat"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Rate:
    """At most ``count`` messages in any stretch of time as long as ``per``."""

    count: int
    per: timedelta


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a platform wants to be written to, in all of an account, in one chat, and in a group chat besides.

    ``at_once`` is how many sends of an account may be under way; ``pause`` is what a ``retry_in`` stops.
    ``together`` is how many campaign messages are begun in one transaction: a crash leaves so many of which nobody
    knows, so it is more than one only where nothing is handed to anybody else.
    """

    account: tuple[Rate, ...] = ()
    chat: tuple[Rate, ...] = ()
    group: tuple[Rate, ...] = ()
    is_group: Callable[[str], bool] = lambda thread: False
    #: The platform's chat of a thread, where several threads of ours are one chat to it.
    chat_of: Callable[[str], str] = lambda thread: thread
    at_once: int = 8
    pause: Scope = Scope.ACCOUNT
    together: int = 1

    def __post_init__(self) -> None:
        """Refuse to send several at once where each counts."""
        limited = self.account or self.chat or self.group or self.pause is Scope.CHAT
        if self.together > 1 and limited:
            raise ValueError("a channel with limits begins its messages one by one")

    def of_thread(self, thread: str) -> tuple[Rate, ...]:
        """Return the limits of one chat."""
        return self.chat + (self.group if self.is_group(thread) else ())


@dataclass(frozen=True, kw_only=True)
class TextLimit:
    """How long one message may be; ``length`` counts as the platform does (characters, UTF-16 units, bytes)."""

    longest: int
    length: Callable[[str], int] = len


@dataclass(frozen=True, kw_only=True)
class Polled:
    """What a poll brought. ``cursor`` is kept with it in one transaction and given to the next poll.

    ``wait`` is how long to leave the platform alone; nothing for one that holds the request until there is news.
    """

    updates: tuple["Update | Unread", ...]
    cursor: str
    wait: timedelta = timedelta()
    cost_micros: int = 0


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a platform says about our account: who we are there, and what is missing, in words for an operator."""

    account: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Channel(Protocol):
    """A platform on which customers write. Vendor exceptions stop here: errors are ours."""

    name: str
    account: str
    features: frozenset[Feature]
    pace: Pace
    limit: TextLimit | None

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to the platform.

        Raises:
            RetryableError: try again; with ``retry_in`` not earlier, and nothing else in that :class:`Scope` either.
            ChannelDownError: as before, and an operator must act: credentials are revoked, the account is suspended.
            UnreachableError: give up, also whatever else is for this customer until they write again.
            RejectedError: give up this message.
        """


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """What one message costs, in millionths of a dollar, and limits beside those of the pace."""

    micros: int = 0
    rates: tuple[Rate, ...] = ()


@runtime_checkable
class PaidChannel(Protocol):
    """A channel whose platform charges for messages."""

    def tariff(self, thread: str, text: str) -> Tariff:
        """Return what a message to a thread would cost."""


@runtime_checkable
class WebhookChannel(Protocol):
    """A channel whose platform calls us, at ``/channels/NAME`` and below."""

    name: str
    account: str

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless the platform sent this, and lately."""

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return what a verified handshake wants to hear; None for everything else."""

    def parse(self, request: WebhookRequest) -> "Sequence[Update | Unread]":
        """Return what a verified request says: nothing is left out, see :func:`read_each`."""

    def read(self, raw: Mapping[str, Any]) -> "Sequence[Update]":
        """Return what one update says; it may raise anything. Also used to try an :class:`Unread` again."""


@runtime_checkable
class PreparingChannel(Protocol):
    """A channel that must ask its platform something before it can read a request."""

    async def prepare(self, request: WebhookRequest) -> None:
        """Do it, for a verified request; errors as ``send``: then nothing is accepted and the platform repeats it."""


@runtime_checkable
class PollingChannel(Protocol):
    """A channel that we ask for news. One process at a time does, by a lease."""

    name: str
    account: str

    async def poll(self, cursor: str | None) -> Polled:
        """Return the news after a cursor (None: never asked before), waiting at most 30 seconds for them.

        Errors as :meth:`Channel.send`.
        """

    def read(self, raw: Mapping[str, Any]) -> "Sequence[Update]":
        """As :meth:`WebhookChannel.read`."""


@runtime_checkable
class ListeningChannel(Protocol):
    """A channel with a connection of ours on which the platform speaks. One process at a time has it."""

    name: str
    account: str

    async def listen(self, accept: Accept) -> None:
        """Listen until cancelled; what arrives is acknowledged after it was accepted. Errors as ``send``."""

    def read(self, raw: Mapping[str, Any]) -> "Sequence[Update]":
        """As :meth:`WebhookChannel.read`."""


@runtime_checkable
class FetchingChannel(Protocol):
    """A channel whose files are fetched after the message was accepted."""

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file of at most ``most`` bytes; RejectedError when it is larger or gone. Errors as ``send``."""


@runtime_checkable
class CheckedChannel(Protocol):
    """A channel that can tell how it stands with its platform."""

    async def start(self) -> None:
        """Set the platform up for us (its webhook address), at each start of a web process; errors as ``send``."""

    async def check(self) -> Check:
        """Ask the platform who we are and what is missing; errors as ``send``."""


@runtime_checkable
class ClosingChannel(Protocol):
    """A channel that holds connections."""

    async def close(self) -> None:
        """Let go of them."""


@runtime_checkable
class PublicChannel(Protocol):
    """A channel on which what is written in some threads is read by others, too."""

    def is_public(self, thread: str) -> bool:
        """Say whether a thread is one of those."""


@runtime_checkable
class WindowedChannel(Protocol):
    """A channel that carries our messages only for a while after the customer's last one."""

    window: timedelta
