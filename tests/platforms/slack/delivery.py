"""How Slack hands things over by HTTP: signed, and events again until they are taken."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

from desk.clock import Clock

FORM = "application/x-www-form-urlencoded"
AFTER_FAILURE = (0.0, 0.02, 0.05)
"""Seconds before each of the three retries: Slack takes none, a minute and five minutes."""
PATIENCE = 3.0


@dataclass(frozen=True)
class Reply:
    """What the app answered; ``body`` is its JSON or its text."""

    status: int
    body: Any = None


@dataclass(frozen=True)
class Attempt:
    """One try to hand over an event."""

    event_id: str
    number: int
    reason: str | None
    status: int


class Route(Protocol):
    """A way to the app."""

    async def event(self, payload: Mapping[str, Any]) -> None:
        """Hand over an event, again if need be."""

    async def interaction(self, payload: Mapping[str, Any]) -> Reply:
        """Hand over a press of a button or a filled-in view, once, and return the answer."""

    async def command(self, form: Mapping[str, str]) -> Reply:
        """Hand over a slash command, once, and return the answer."""


class Signing:
    """Signs as Slack does: over the version, the time and the raw body."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret.encode()
        self._clock = clock

    def headers(
        self, body: bytes, *, content_type: str = "application/json", seconds: float | None = None
    ) -> dict[str, str]:
        """Return the headers of a request made now, or ``seconds`` after 1970."""
        at = str(int(self._clock().timestamp() if seconds is None else seconds))
        base = b":".join((b"v0", at.encode(), body))
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest(),
        }


def event_body(payload: Mapping[str, Any]) -> bytes:
    """Return an event as bytes; Slack escapes nothing but what it must."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def interaction_body(payload: Mapping[str, Any]) -> bytes:
    """Return an interaction as bytes: JSON in a form."""
    return urlencode({"payload": json.dumps(payload)}).encode()


class HttpRoute:
    """Calls the app's addresses."""

    def __init__(
        self,
        signing: Signing,
        *,
        events: str,
        interactions: str,
        commands: str,
        after_failure: Sequence[float] = AFTER_FAILURE,
        patience: float = PATIENCE,
    ) -> None:
        self._signing = signing
        self._events = events
        self._interactions = interactions
        self._commands = commands
        self._after_failure = after_failure
        self._patience = aiohttp.ClientTimeout(total=patience)
        self.attempts: list[Attempt] = []

    async def event(self, payload: Mapping[str, Any]) -> None:
        """Deliver an event, and up to three times more."""
        body, reason = event_body(payload), None
        for number, pause in enumerate((0.0, *self._after_failure)):
            await asyncio.sleep(pause)
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": str(reason)}
            reply, headers = await self._post(
                self._events, body, "application/json", retry if number else {}
            )
            self.attempts.append(Attempt(payload["event_id"], number, reason, reply.status))
            if 200 <= reply.status < 300 or headers.get("X-Slack-No-Retry") == "1":
                return
            reason = "http_error" if reply.status else "http_timeout"

    async def interaction(self, payload: Mapping[str, Any]) -> Reply:
        """Deliver it once: people see at once whether it worked, and press again."""
        return (await self._post(self._interactions, interaction_body(payload), FORM, {}))[0]

    async def command(self, form: Mapping[str, str]) -> Reply:
        """Deliver it once."""
        return (await self._post(self._commands, urlencode(form).encode(), FORM, {}))[0]

    async def _post(
        self, url: str, body: bytes, content_type: str, more: Mapping[str, str]
    ) -> tuple[Reply, Mapping[str, str]]:
        headers = {**self._signing.headers(body, content_type=content_type), **more}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._patience) as session,
                session.post(url, data=body, headers=headers) as response,
            ):
                return Reply(response.status, _read(await response.text())), response.headers
        except (aiohttp.ClientError, TimeoutError):
            return Reply(0), {}


def _read(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
