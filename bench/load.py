"""The load generator: kept connections, each with one request under way, in a process of its own.

It is called with port, path, connections, seconds and the secret that signs visitor tokens, and prints one line of
JSON. Only answers with status 200 count as good; every request has an id of its own.
"""

import asyncio
import json
import secrets
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import cast

import uvloop

from bench.figures import percentile
from channels.webchat.token import VisitorTokens


@dataclass(kw_only=True)
class Load:
    """What came of it; ``cpu`` is the share of a core that the generator itself used."""

    good: int = 0
    bad: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    first_bad: str = ""
    waits: list[float] = field(default_factory=list)


class Sender(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again until time is up."""

    def __init__(self, head: bytes, load: Load, deadline: float) -> None:
        self._head = head
        self._load = load
        self._deadline = deadline
        self._prefix = secrets.token_hex(4)
        self._number = 0
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever was under way has failed."""
        if not self.finished.done():
            self._load.bad += 1
            self._load.first_bad = self._load.first_bad or f"connection lost: {exc}"
            self.finished.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is complete."""
        answer = self._buffer + data if self._buffer else data
        if not _is_complete(answer):
            self._buffer = answer
            return
        self._buffer = b""
        now = time.perf_counter()
        self._load.waits.append(now - self._sent_at)
        if answer.startswith(b"HTTP/1.1 200 "):
            self._load.good += 1
        else:
            self._load.bad += 1
            self._load.first_bad = self._load.first_bad or answer[:300].decode("latin-1")
        if now < self._deadline:
            self._send()
        else:
            self.finished.set_result(None)

    def _send(self) -> None:
        if self._transport is None:
            return
        self._number += 1
        self._sent_at = time.perf_counter()
        self._transport.write(self._head + _body(self._prefix, self._number))


def _body(prefix: str, number: int) -> bytes:
    text = "Where is my order 10023? It should have come on Monday."
    return f'{{"id": "{prefix}-0000-4000-8000-{number:012x}", "text": "{text}"}}'.encode()


def _is_complete(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.find(b"content-length: ", 0, end + 2)
    length = int(answer[at + 16 : answer.index(b"\r", at)]) if at >= 0 else 0
    return len(answer) >= end + 4 + length


def _head(port: int, path: str, token: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_body('0' * 8, 1))}\r\n\r\n"
    ).encode()


async def run(port: int, path: str, connections: int, seconds: float, secret: str) -> Load:
    """Send for some seconds and wait for the last answers."""
    load, tokens = Load(), VisitorTokens(secret)
    loop = asyncio.get_running_loop()
    begun, cpu = time.perf_counter(), time.process_time()
    deadline = begun + seconds
    senders = []
    for _ in range(connections):
        head = _head(port, path, tokens.issue(datetime.now(UTC))[1])
        _, sender = await loop.create_connection(
            lambda head=head: Sender(head, load, deadline),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        senders.append(sender)
    await asyncio.gather(*(sender.finished for sender in senders))
    load.seconds = time.perf_counter() - begun
    load.cpu = (time.process_time() - cpu) / load.seconds
    load.p50_ms = percentile(load.waits, 50) * 1000
    load.p99_ms = percentile(load.waits, 99) * 1000
    load.waits.clear()
    return load


if __name__ == "__main__":
    _, _port, _path, _connections, _seconds, _secret = sys.argv
    result = uvloop.run(run(int(_port), _path, int(_connections), float(_seconds), _secret))
    print(json.dumps(asdict(result)))
