"""Every channel that the contract suite drives, and what it wants of one."""

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from desk.clock import Clock
from desk.message import WebhookRequest

_FOLDER = "tests.channels"
_CLASSES = {
    "telegram webhook": f"{_FOLDER}.telegram.subject:WebhookSubject",
    "slack": f"{_FOLDER}.slack.subject:SlackSubject",
    "x webhook": f"{_FOLDER}.x.subject:XSubject",
    "matrix": f"{_FOLDER}.matrix.subject:MatrixSubject",
    "webhook": f"{_FOLDER}.webhook.subject:WebhookSubject",
    "email": f"{_FOLDER}.mail.subject:MailSubject",
    "telegram": f"{_FOLDER}.telegram.subject:PollingSubject",
    "x": f"{_FOLDER}.x.subject:XPollingSubject",
    "slack socket": f"{_FOLDER}.slack.subject:SlackSocketSubject",
}
CALLERS = ["telegram webhook", "slack", "x webhook", "matrix", "webhook"]
"""Those whose platform calls us."""
POLLED = ["telegram", "x", "email"]
"""Those that we ask for news."""
READ = [*POLLED, "slack socket"]
"""Those that one process at a time reads: what is polled, and what we listen to."""
SUBJECTS = [*CALLERS, *READ]
SEND_ONCE = {"webhook", "matrix", "slack", "x", "x-polling"}
"""Channels that know a message again by its id, so that one whose acceptance we missed is not doubled."""


class Subject(Protocol):
    """A channel's real adapter and the platform that stands in for the real one."""

    name: str
    kinds: frozenset[str]
    channel: Any
    platform: Any

    @property
    def struck(self) -> Counter[str]:
        """How often each fault happened."""

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return update number ``n`` as the platform makes it: a customer's text in a chat."""

    def thread_of(self, chat: int) -> str:
        """Return the thread that the adapter must derive."""

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return updates of every unusual kind by name."""

    def poison(self) -> dict[str, Any]:
        """Return an update that cannot be read."""

    def signed(self, *raws: Mapping[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return the platform's request for updates (webhook channels)."""

    def request(self, body: bytes) -> WebhookRequest:
        """Return the platform's request with any body (webhook channels)."""

    def forged(self, raw: Mapping[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests that must be refused (webhook channels)."""

    async def put(self, raw: Mapping[str, Any]) -> None:
        """Let the platform have an update for us (polling and listening channels)."""

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return thread, text and buttons of what the platform accepted, in order."""

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next send meet a fault."""


def open_subject(name: str, clock: Clock) -> AbstractAsyncContextManager[Subject]:
    """Start a platform and build the adapter against it."""
    module, _, kind = _CLASSES[name].partition(":")
    opened: AbstractAsyncContextManager[Subject] = getattr(import_module(module), kind).open(clock)
    return opened
