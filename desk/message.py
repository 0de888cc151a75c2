"""What customers write and what they are told, in our words; a platform's own are left at the edge."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from desk.tables.conversation import Author


class DeliveryStatus(StrEnum):
    """What a channel reports about a message it accepted."""

    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    #: Its reader called it unwanted.
    COMPLAINED = "complained"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of a message: its ``content``, or a ``reference`` by which :meth:`FetchingChannel.fetch` gets it.

    ``key`` says where the media store keeps it; the core fills it in. ``size`` is in bytes, if known beforehand.
    """

    name: str
    content_type: str
    content: bytes | None = None
    reference: str | None = None
    key: str | None = None
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A button; ``url`` makes it a link. ``id`` is opaque to the channel and the customer."""

    id: str
    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """A message from a customer, normalised at the edge; ``raw`` is what the platform sent.

    ``external_id`` is unique in the account: the same one again is the same message. ``thread`` is where answers go
    and ``sender`` the customer's handle; both are the adapter's own words and come back to it as they are.
    ``context`` comes back with every answer, too: the newest message's (what to reply to, a subject).
    ``unsupported`` names content that we cannot read (``voice``, ``location``); ``link`` is the proof from a deep link
    that this is somebody whom we know from another channel.
    """

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
    unsupported: str | None = None
    link: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class InboundEdit:
    """A customer changed a message, or took it back (``text`` is None). ``external_id`` is this update's own."""

    channel: str
    account: str
    external_id: str
    thread: str
    sender: str
    sent_at: datetime
    edited: str
    text: str | None
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
class Gone:
    """A customer blocked us or left, and no message of ours told us so."""

    channel: str
    account: str
    sender: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """An update that says nothing to us; it is counted by ``kind``, a word of the platform's."""

    channel: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Unread:
    """An update that the adapter could not read: it is set aside, tried again, and listed for an operator."""

    channel: str
    account: str
    raw: Mapping[str, Any]
    error: str


type Update = InboundMessage | InboundEdit | StatusUpdate | Gone | Ignored
type Accept = Callable[[Sequence[Update | Unread]], Awaitable[None]]
"""Stores updates; whoever awaits it may acknowledge them afterwards, and must not when it raises."""


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """A message to a customer. ``id`` is stable over retries: the idempotency key where there is one.

    ``attempt`` counts from 1: a later one may follow a send of which nobody knows whether it got through.

    The text fits the channel's :class:`TextLimit`; choices and files are there only if the channel has the feature.
    ``recipient`` is the customer's handle, ``context`` that of their newest message in this thread.
    """

    id: str
    conversation_id: str
    channel: str
    account: str
    thread: str
    text: str
    attempt: int = 1
    recipient: str = ""
    choices: tuple[Choice, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    language: str = "en"
    author: Author = Author.BOT
    author_name: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    #: Where a recipient of a campaign unsubscribes with one click.
    unsubscribe_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The platform accepted a message; ``cost_micros`` is what it charges, in millionths of a dollar."""

    external_id: str | None = None
    cost_micros: int = 0


@dataclass(frozen=True, kw_only=True)
class WebhookRequest:
    """A request as it came: the signature is checked over ``body``, never over re-serialised JSON."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class WebhookAnswer:
    """What a platform wants to hear when it tries whether an address is ours."""

    body: bytes
    content_type: str = "text/plain"
    status: int = 200


def read_each(
    channel: str,
    account: str,
    raws: Iterable[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], Sequence[Update]],
) -> "list[Update | Unread]":
    """Read updates one by one: one that cannot be read does not keep the others back."""
    found: list[Update | Unread] = []
    for raw in raws:
        try:
            found += read(raw)
        except Exception as error:  # whatever is wrong with it, it is set aside with the reason
            reason = f"{type(error).__name__}: {error}"[:500]
            found.append(Unread(channel=channel, account=account, raw=raw, error=reason))
    return found
