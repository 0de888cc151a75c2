"""Reads the request of a turn without Sanic, and hands a connection to Sanic with whatever else comes.

Sanic parses in Python, starts tasks, sends signals and asks an extension for cross-origin headers: a tenth of a turn.
Only a whole, plain request for a turn is read here; anything unusual is Sanic's, as if this had never been.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import sanic.app

TURN = b"POST /webhooks/frontdesk/turn HTTP/1.1\r\n"
LONGEST_HEAD = 8_192
LONGEST_BODY = 1_048_576
# What these ask for is Sanic's business.
_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_CONNECTION = frozenset({b"keep-alive", b"close"})

TakeTurn = Callable[[str, bytes], Awaitable[tuple[int, bytes]]]

logger = logging.getLogger(__name__)


class NotPlainError(ValueError):
    """What has come is not the beginning of a plain request for a turn."""


@dataclass(frozen=True)
class Request:
    """What is needed of a request, how many bytes it was, and whether the caller wants to hang up after it."""

    authorization: str
    body: bytes
    size: int
    is_last: bool


def read(data: bytes) -> Request | None:
    """The first request; None while it is not whole. Raises NotPlainError."""
    if not data.startswith(TURN[: len(data)]):
        raise NotPlainError
    end = data.find(b"\r\n\r\n", len(TURN) - 2)
    if end < 0:
        if len(data) > LONGEST_HEAD:
            raise NotPlainError
        return None
    fields = _fields(data[len(TURN) : end])
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 9 or int(length) > LONGEST_BODY:
        raise NotPlainError
    size = end + 4 + int(length)
    if len(data) < size:
        return None
    return Request(
        authorization=fields.get(b"authorization", b"").decode(errors="surrogateescape"),
        body=data[end + 4 : size],
        size=size,
        is_last=fields[b"connection"] == b"close",
    )


def _fields(head: bytes) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n") if head else ():
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or name != name.strip() or name in fields:
            raise NotPlainError
        fields[name] = value.strip()
    if (
        not _UNUSUAL.isdisjoint(fields)
        or fields.setdefault(b"connection", b"keep-alive") not in _CONNECTION
    ):
        raise NotPlainError
    return fields


class TurnProtocol(asyncio.Protocol):
    """One connection. The connector says in `app.ctx.take_turn` how a turn is taken."""

    _running: set[asyncio.Task[None]] = set()  # noqa: RUF012 - shared: a turn outlives its connection

    def __init__(self, **given: Any) -> None:
        """What Sanic gives to its own protocol."""
        self._given = given
        self._app = given["app"]
        self._loop: asyncio.AbstractEventLoop = given["loop"]
        self._connections: set[Any] = given["connections"]
        self._data = b""
        self._is_busy = self._is_last = False
        self._heard_at = self._loop.time()

    def connection_made(self, transport: Any) -> None:
        """Somebody has called."""
        self._transport = transport
        self._connections.add(self)
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        """They have hung up; a turn under way comes to its end, so that its retry finds the answer."""
        self._connections.discard(self)
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Takes the turn when its request is whole."""
        self._heard_at = self._loop.time()
        self._data += data
        if self._is_busy:
            self._transport.pause_reading()
        else:
            self._go_on()

    def close_if_idle(self) -> bool:
        """Sanic is ending: hangs up now or after the answer."""
        self._is_last = True
        if not self._is_busy:
            self._transport.close()
        return not self._is_busy

    def abort(self) -> None:
        """Sanic has waited long enough."""
        self._transport.abort()

    def _go_on(self) -> None:
        take: TakeTurn | None = getattr(self._app.ctx, "take_turn", None)
        try:
            request = read(self._data) if take else None
        except NotPlainError:
            take = request = None
        if take is None:
            self._hand_over()
        elif request is not None:
            self._data = self._data[request.size :]
            self._is_busy = True
            self._is_last = self._is_last or request.is_last
            task = self._loop.create_task(self._answer(take, request))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(self, take: TakeTurn, request: Request) -> None:
        try:
            status, body = await take(request.authorization, request.body)
        except Exception:
            logger.exception("turn.broken")
            status, body = 500, b'{"error": "broken", "detail": "See the log."}'
        self._is_busy = False
        self._heard_at = self._loop.time()
        if self._transport.is_closing():
            return
        self._transport.write(_head(status, len(body), self._is_last) + body)
        if self._is_last:
            self._transport.close()
        elif self._data:
            self._transport.resume_reading()
            self._go_on()

    def _hand_over(self) -> None:
        self.connection_lost(None)
        other = _as_shipped(**self._given)
        self._transport.set_protocol(other)
        other.connection_made(self._transport)
        other.data_received(self._data)

    def _watch(self) -> None:
        """Hangs up on those who say nothing for too long, by the limits that Sanic was given."""
        config = self._app.config
        limit = config.REQUEST_TIMEOUT if self._data else config.KEEP_ALIVE_TIMEOUT
        if not self._is_busy and self._loop.time() - self._heard_at > limit:
            self._transport.close()
        self._timer = self._loop.call_later(max(0.1, limit / 2), self._watch)


def _head(status: int, length: int, is_last: bool) -> bytes:
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        f"Connection: {'close' if is_last else 'keep-alive'}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


_as_shipped = sanic.app.HttpProtocol


def install() -> None:
    """Sanic names its protocol in one place."""
    sanic.app.HttpProtocol = TurnProtocol
