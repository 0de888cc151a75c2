"""The channel port: what every channel gives and gets, in our words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from desk.errors import RejectedError
from desk.tables.conversation import Author


class Feature(StrEnum):
    """What a channel can show or promise."""

    BUTTONS = "buttons"
    LINKS = "links"
    TYPING = "typing"
    ATTACHMENTS = "attachments"
    #: Customers read straight from our message table: storing a message is sending it.
    LOCAL = "local"


class UnreachableError(RejectedError):
    """The customer cannot be reached here any more: blocked us, left, or is deleted."""


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
    """

    account: tuple[Rate, ...] = ()
    chat: tuple[Rate, ...] = ()
    group: tuple[Rate, ...] = ()
    is_group: Callable[[str], bool] = lambda thread: False
    at_once: int = 8
    pause: Scope = Scope.ACCOUNT

    def of_thread(self, thread: str) -> tuple[Rate, ...]:
        """Return the limits of one chat."""
        return self.chat + (self.group if self.is_group(thread) else ())


class DeliveryStatus(StrEnum):
    """What a channel reports about a message it accepted."""

    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that came with a message."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A button; ``url`` makes it a link. ``id`` is opaque to the channel and the customer."""

    id: str
    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """A message from a customer, normalised at the edge; ``raw`` is what the platform sent."""

    channel: str
    account: str
    external_id: str
    thread: str
    sender: str
    sent_at: datetime
    text: str = ""
    choice: str | None = None
    sender_name: str | None = None
    language: str | None = None
    attachments: tuple[Attachment, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StatusUpdate:
    """News about a message that we sent; ``unreachable`` when it failed because the customer is gone."""

    channel: str
    account: str
    external_id: str
    status: DeliveryStatus
    at: datetime
    reason: str | None = None
    unreachable: bool = False


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """A message to a customer. ``id`` is stable over retries: the idempotency key where there is one."""

    id: str
    conversation_id: str
    channel: str
    account: str
    thread: str
    text: str
    choices: tuple[Choice, ...] = ()
    author: Author = Author.BOT
    author_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The platform accepted a message."""

    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookRequest:
    """A request as it came: the signature is checked over ``body``, never over re-serialised JSON."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class Channel(Protocol):
    """A platform on which customers write. Vendor exceptions stop here: errors are ours."""

    name: str
    features: frozenset[Feature]
    pace: Pace

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless the platform sent this."""

    def parse(self, request: WebhookRequest) -> list[InboundMessage | StatusUpdate]:
        """Return what the request says; unknown kinds of updates give an empty list."""

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to the platform.

        Raises:
            RetryableError: try again; with ``retry_in`` not earlier, and nothing else in that :class:`Scope` either.
            UnreachableError: give up, also whatever else is for this customer until they write again.
            RejectedError: give up this message.
        """
