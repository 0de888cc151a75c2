"""A copy for oneself, as values: who wants what sent where, whom that reaches, and why it is not sent."""

from dataclasses import dataclass

from desk.errors import InvalidError


class NotTestedError(InvalidError):
    """This cannot be sent as a test; ``word`` says why, ``about`` what it is about."""

    def __init__(self, word: str, message: str, about: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.about = about


@dataclass(frozen=True, kw_only=True)
class Myself:
    """Who sends a test; ``email`` is their own address, to which they may send at once."""

    name: str
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be sent where: over a channel, to an address. ``language`` None is that of the contact."""

    channel: str
    to: str
    variant: str
    step: int = 1
    language: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who would get a test. ``contact_id`` is None for the sender themself, of whom we have no contact."""

    contact_id: str | None
    name: str
    channel: str
    account: str
    address: str
    thread: str
    conversation_id: str | None
    language: str
    is_sender: bool
