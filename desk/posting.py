"""The port for posts: what a channel gives and gets on which something can be published for everybody.

It is an optional capability of a :class:`desk.channel.Channel`, found by ``isinstance`` and never by a name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from desk.errors import FrontdeskError
from desk.message import Attachment


class UnsurePostError(FrontdeskError):
    """Nobody knows whether this was published: look there, then say what you found."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """What is to be published. ``id`` is stable: the idempotency key where there is one; the image has its content."""

    id: str
    text: str
    image: Attachment | None = None


@dataclass(frozen=True, kw_only=True)
class Published:
    """It is there; ``url`` is where people read it, ``cost_micros`` what it cost in millionths of a dollar."""

    external_id: str | None = None
    url: str | None = None
    cost_micros: int = 0


@dataclass(frozen=True, kw_only=True)
class PostRules:
    """What may be published: how long it may be by the platform's own count, and which images.

    ``refuses_repeats`` is whether the same words are taken once only; ``cost`` is in millionths of a dollar.
    """

    longest: int | None = None
    length: Callable[[str], int] = len
    images: frozenset[str] = frozenset()
    largest_image: int = 0
    refuses_repeats: bool = False
    cost: Callable[[str], int] = field(default=lambda text: 0)


@dataclass(frozen=True, kw_only=True)
class Reactions:
    """What people did with a post until now; None is what the platform does not tell."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    bookmarks: int | None = None
    views: int | None = None
    clicks: int | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The reactions by ``external_id``; a post that is missing is not there any more."""

    found: Mapping[str, Reactions]
    cost_micros: int = 0


@runtime_checkable
class PostingChannel(Protocol):
    """A channel on which something can be published."""

    name: str
    account: str
    post_rules: PostRules

    async def publish(self, post: Post) -> Published:
        """Publish it.

        Raises:
            RetryableError: it was certainly not published, or the platform knows a repeated one by its id; try again,
                with ``retry_in`` not earlier.
            RejectedError: it was refused for good; the message says what to do.
            UnsurePostError: nobody knows. Any other error means the same.
        """


@runtime_checkable
class MeasuringChannel(Protocol):
    """A channel that tells what people did with a post; ``measured_at_once`` is how many it tells of in one call."""

    name: str
    account: str
    measured_at_once: int

    async def measure(self, external_ids: Sequence[str]) -> Measured:
        """Return the reactions to these posts of ours; errors as :meth:`desk.channel.Channel.send`."""

    def id_of(self, url: str) -> str | None:
        """Return the ``external_id`` of the post at an address; None when it is none of the platform's."""
