"""The dialogue port: one turn in, replies out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from desk.errors import RetryableError

_NO_TOPICS = frozenset({None, "nlu_fallback", "out_of_scope", "inform", "affirm", "deny"})
ASK_FOR_PERSON = "/contact_human_agent"
"""The payload of a customer who asks for a person."""


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
class Reading:
    """How the assistant understood it: ``mood`` from -1 to 1, None if it did not look, ``anger`` from 0 to 1."""

    intent: str | None = None
    confidence: float = 1.0
    mood: float | None = None
    anger: float = 0.0
    #: It answered that it did not understand.
    fallback: bool = False
    #: A form took the message as an answer to its question.
    form: bool = False
    #: A form asks something and waits for the answer.
    asks: bool = False
    #: What it learnt or forgot with this message, by the slot's name; None for what it forgot.
    slots: Mapping[str, Any] = field(default_factory=dict)

    @property
    def topic(self) -> str | None:
        """What it is about, if that was understood."""
        return None if self.intent in _NO_TOPICS else self.intent


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One message of the assistant, a command to the desk, or how it read the message that it answers."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    command: dict[str, Any] | None = None
    reading: Reading | None = None


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


@runtime_checkable
class Reads(Protocol):
    """What reads words that are no turn."""

    async def read(self, text: str, language: str) -> Reading:
        """Return how a text is understood; DialogueUnavailableError or TurnFailedError when it is not."""
