"""Stands in for Rasa: the contract of ``bot/connector.py`` over a real socket, and all that can go wrong with it.

Like the connector it answers a message id once and replays it afterwards, one turn of a conversation at a time, and
brings a turn to its end though the caller has hung up.
"""

import asyncio
import json
import random
import socket
import struct
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]


class Fault(StrEnum):
    """What is wrong with the assistant."""

    REFUSED = "refused"
    HANGING = "hanging"
    RESET = "reset"
    DRIBBLING = "dribbling"
    ERROR_500 = "error_500"
    ERROR_503 = "error_503"
    NOT_READY = "not_ready"
    UNAUTHORISED = "unauthorised"
    GARBAGE = "garbage"
    WRONG_SHAPE = "wrong_shape"
    OTHER_MESSAGE = "other_message"
    EMPTY = "empty"


_STATUS = {
    Fault.ERROR_500: (500, {"error": "internal"}),
    Fault.ERROR_503: (503, {"error": "turn_failed", "detail": "ActionError: boom"}),
    Fault.NOT_READY: (503, {"error": "not_ready", "detail": "No model is loaded."}),
    Fault.UNAUTHORISED: (401, {"error": "unauthorized"}),
    Fault.WRONG_SHAPE: (200, {"message_id": 7, "replies": "none"}),
    Fault.OTHER_MESSAGE: (200, {"message_id": "another-1", "replies": [{"text": "not yours"}]}),
}
_SICK = {
    Fault.REFUSED: 503,
    Fault.RESET: 503,
    Fault.NOT_READY: 503,
    Fault.UNAUTHORISED: 401,
}
"""Faults that the health check shows too, and how; it hangs with the silent ones, and is well with all others."""
SILENT = (Fault.HANGING, Fault.DRIBBLING)
_RAW = {Fault.GARBAGE: b"\x00\xff<html>proxy error", Fault.EMPTY: b""}


def answer(text: str) -> str:
    """Return what the assistant says to a text."""
    return f"answer to {text}"


class Assistant:
    """A server on loopback. ``fault`` strikes every turn; ``poison`` says which texts fail whatever happens."""

    def __init__(
        self, *, slowest: float = 0.0, poison: Callable[[str], bool] = lambda text: False
    ) -> None:
        self.fault: Fault | None = None
        self.runs: Counter[str] = Counter()
        self.calls = 0
        self.struck = 0
        self.in_flight = 0
        self.port = 0
        self.first_turn = asyncio.Event()
        self._slowest = slowest
        self._poison = poison
        self._journal: dict[str, Body] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        await self.refuse()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def listen(self) -> None:
        """Take connections, always on the same port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Close the port and every connection, as a process that has died."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def looks_well(self) -> bool:
        """Whether the health check says yes although turns fail."""
        return self.fault not in (*SILENT, *_SICK)

    async def strike(self, fault: Fault) -> None:
        """Break."""
        self.fault = fault
        self._over.clear()
        if fault is Fault.REFUSED:
            await self.refuse()

    async def mend(self) -> None:
        """Work again; what hung goes on."""
        was, self.fault = self.fault, None
        self._over.set()
        if was is Fault.REFUSED:
            await self.listen()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            while head := await _head(reader):
                path, length = head
                body = json.loads(await reader.readexactly(length)) if length else {}
                if path.endswith("/health"):
                    await self._health(writer)
                else:
                    await self._turn(body, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the caller has gone; the turn is in the journal all the same
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _health(self, writer: asyncio.StreamWriter) -> None:
        if self.fault in SILENT:
            await self._over.wait()
            raise ConnectionResetError
        if self.fault in _SICK:
            await _send(writer, _SICK[self.fault], b"{}")
        else:
            await _send(writer, 200, b'{"status": "ok", "model": "stand-in"}')

    async def _turn(self, body: Body, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self.in_flight += 1
        self.first_turn.set()
        try:
            if self.fault is not None:
                self.struck += 1
                await self._fail(self.fault, writer)
            elif self._poison(body["text"]):
                self.struck += 1
                await _send(writer, 503, b'{"error": "turn_failed", "detail": "poison"}')
            else:
                await _send(writer, 200, json.dumps(await self._answered(body)).encode())
        finally:
            self.in_flight -= 1

    async def _answered(self, body: Body) -> Body:
        message_id = body["message_id"]
        async with self._locks[body["conversation_id"]]:
            if message_id in self._journal:
                return self._journal[message_id] | {"replayed": True}
            await asyncio.sleep(random.uniform(0, self._slowest))
            self.runs[message_id] += 1
            reply: Body = {"text": answer(body["text"]), "choices": [], "custom": None}
            self._journal[message_id] = {
                "message_id": message_id,
                "replies": [reply],
                "replayed": False,
            }
            return self._journal[message_id]

    async def _fail(self, fault: Fault, writer: asyncio.StreamWriter) -> None:
        if fault is Fault.HANGING:
            await self._over.wait()
            raise ConnectionResetError
        if fault is Fault.RESET:
            writer.write(_header(200, 100) + b'{"message_id": "')
            await writer.drain()
            # Zero seconds to linger: the kernel sends a reset, as it does for a process that crashed.
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
            raise ConnectionResetError
        if fault is Fault.DRIBBLING:
            writer.write(_header(200, 100_000))
            while not self._over.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
            writer.transport.abort()
            raise ConnectionResetError
        if fault in _RAW:
            await _send(writer, 200, _RAW[fault])
            return
        status, body = _STATUS[fault]
        await _send(writer, status, json.dumps(body).encode())


async def _head(reader: asyncio.StreamReader) -> tuple[str, int] | None:
    """Return the path and the length of the next request's body; None at the end."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return lines[0].split(" ")[1], int(fields.get("content-length", 0))


def _header(status: int, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    writer.write(_header(status, len(body)) + body)
    await writer.drain()
