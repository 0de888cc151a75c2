"""Somebody else's server on loopback that takes webhooks, and can be made to behave badly."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_ENDLESS = b"x" * 65_536


@dataclass(frozen=True)
class Got:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        """What is the same at every try."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_with(self, secret: str) -> bool:
        """Say whether one of the signatures was made with a secret; works at any time of day."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        wanted = Webhook(secret).sign(self.id, at, self.body)
        return wanted in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Answers by ``script``, one entry for each request, then ``200``; ``strikes`` counts what was done on purpose.

    Entries: a status, or ``hang`` (says nothing), ``close`` (hangs up), ``endless`` (an answer without an end),
    ``redirect``, ``gone``, ``later`` (503 with ``Retry-After: 90``).
    """

    script: list[int | str] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    strikes: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def open(self) -> None:
        """Listen, on the port of before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Go away."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._take(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(head[0].split()[1], headers, body.decode()))
            await self._answer(writer)

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        step = self.script.pop(0) if self.script else 200
        if step != 200:
            self.strikes[str(step)] += 1
        if step == "hang":
            await asyncio.sleep(3_600)
        elif step == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(_ENDLESS)
                await writer.drain()
        elif step != "close":
            writer.write(_answer_to(step))
            await writer.drain()


def _answer_to(step: int | str) -> bytes:
    more = {
        "redirect": b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:9/\r\n",
        "gone": b"HTTP/1.1 410 Gone\r\n",
        "later": b"HTTP/1.1 503 Later\r\nRetry-After: 90\r\n",
    }
    if step == 200:
        return OK
    head = more.get(str(step), f"HTTP/1.1 {step} Hm\r\n".encode())
    return head + b"Content-Length: 0\r\n\r\n"
