"""A lean HTTP/1.1 client: one kept connection, no features, so that measuring costs little."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self


class AnswerError(Exception):
    """The server answered with something else than a success."""


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, if the answer is a success."""
        if not 200 <= self.status < 300:
            raise AnswerError(f"{self.status}: {self.body[:300]!r}")
        return json.loads(self.body)


class Connection:
    """One connection to a server on loopback."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @classmethod
    async def open(cls, port: int, host: str = "127.0.0.1") -> Self:
        """Connect."""
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
        return cls(reader, writer, f"{host}:{port}")

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET and read the whole answer."""
        self._send("GET", path, headers or {}, b"")
        return await self._whole()

    async def post(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send JSON and read the whole answer."""
        data = json.dumps(body, ensure_ascii=False).encode()
        self._send("POST", path, {"Content-Type": "application/json", **(headers or {})}, data)
        return await self._whole()

    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Yield the chunks of an answer without end."""
        self._send("GET", path, headers, b"")
        status, fields = await self._head()
        if status != 200 or fields.get("transfer-encoding") != "chunked":
            raise AnswerError(f"{status} instead of a stream")
        async for chunk in self._chunks():
            yield chunk

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def _head(self) -> tuple[int, dict[str, str]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split(" ", 2)[1]), {n.lower(): v.strip() for n, _, v in pairs}

    async def _whole(self) -> Answer:
        status, fields = await self._head()
        if fields.get("transfer-encoding") == "chunked":
            return Answer(status, b"".join([chunk async for chunk in self._chunks()]))
        return Answer(status, await self._reader.readexactly(int(fields.get("content-length", 0))))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readline(), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
