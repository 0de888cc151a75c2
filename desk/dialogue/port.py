"""The dialogue port: one turn in, replies out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from desk.errors import RetryableError


class DialogueUnavailableError(RetryableError):
    """The assistant cannot be reached."""


class TurnFailedError(RetryableError):
    """The assistant was reached and failed at this very message."""


class TurnBrokeOffError(TurnFailedError):
    """The connection broke off in the middle; the turn may still be running over there."""


@dataclass(frozen=True, kw_only=True)
class Button:
    """A choice offered with a reply: ``payload`` comes back when it is taken, ``url`` makes it a link."""

    title: str
    payload: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One message of the assistant, or a command to the desk."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    command: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A customer's message for the assistant. ``payload`` is a button's, trusted because we made it."""

    conversation_id: str
    message_id: str
    text: str
    language: str
    payload: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProcessHealth:
    """One process of the assistant: whether it would answer now, and its resident memory if it says so."""

    name: str
    ready: bool
    memory_bytes: int | None = None


class Dialogue(Protocol):
    """The assistant. The same ``message_id`` twice is one turn and gives the same replies."""

    async def turn(self, turn: Turn) -> list[Reply]:
        """Return the replies; DialogueUnavailableError or TurnFailedError when there are none to be had."""

    async def health(self) -> Sequence[ProcessHealth]:
        """Look at every process; a turn would be answered now if one is ready."""

    async def close(self) -> None:
        """Let go of connections."""
