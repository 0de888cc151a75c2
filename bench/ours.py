"""The whole product behind ``frontdesk up``: customers write over HTTP and read the event stream."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from app import rasa
from bench.http1 import Connection
from bench.processes import Cost, cost, family
from bench.side import Talk
from bench.training import Trained
from tests.running import RunningDesk

_QUIET_SECONDS = 1.0
"""How long nothing comes before the first answer to a message counts as complete."""
_PATIENCE = 60.0


class Ours:
    """``frontdesk up --demo`` on SQLite (or another database), with its Rasa processes as children."""

    name = "frontdesk"

    def __init__(self, desk: RunningDesk, trained: Trained, started_seconds: float) -> None:
        self._desk = desk
        self.started_seconds = started_seconds
        self.trained_seconds = trained.seconds
        self.trained_with = trained.how

    @classmethod
    def start(cls, folder: Path, trained: Trained, processes: int) -> Self:
        """Start it and wait until all is ready; the model in ``models/`` must be there already."""
        desk = RunningDesk(folder, "--demo", "--rasa-processes", str(processes))
        begun = time.monotonic()
        desk.start()
        try:
            desk.wait(seconds=600, whole=True)
        except BaseException:
            desk.stop()
            raise
        return cls(desk, trained, time.monotonic() - begun)

    async def talks(self, count: int) -> list[Talk]:
        """Return new visitors, each with an open stream."""
        return [await _Visitor.open(self._desk.port) for _ in range(count)]

    def costs(self) -> Mapping[str, Cost]:
        """Return what the application and its Rasa processes have cost."""
        found = family(self._desk.pid)
        bot = [pid for pid, command in found.items() if str(rasa.PYTHON) in command]
        app = [pid for pid in found if pid not in bot]
        return {"application": cost(app), "Rasa": cost(bot)}

    def stop(self) -> None:
        """End it in order; Rasa goes with it."""
        self._desk.stop()


class _Visitor:
    def __init__(self, writing: Connection, reading: Connection, token: str) -> None:
        self._writing = writing
        self._reading = reading
        self._headers = {"Authorization": f"Bearer {token}"}
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, port: int) -> Self:
        writing, reading = await Connection.open(port), await Connection.open(port)
        answer = await writing.post("/chat/v1/visitors", {})
        return cls(writing, reading, answer.json()["token"])

    async def say(self, text: str, expected: int | None) -> int:
        body = {"id": str(uuid4()), "text": text}
        (await self._writing.post("/chat/v1/messages", body, self._headers)).json()
        if expected is None:
            return await self._count()
        for _ in range(expected):
            await self._next(_PATIENCE)
        return expected

    async def _count(self) -> int:
        await self._next(_PATIENCE)
        count = 1
        with suppress(TimeoutError):
            while True:
                await self._next(_QUIET_SECONDS)
                count += 1
        return count

    async def _next(self, patience: float) -> None:
        reply = await asyncio.wait_for(self._replies.get(), patience)
        if reply["author"] != "bot":
            raise RuntimeError(f"not the assistant's answer: {reply['text']}")

    async def _read(self) -> None:
        async for chunk in self._reading.stream("/chat/v1/events", self._headers):
            if chunk.startswith(b"id: "):
                message = json.loads(chunk.partition(b"\ndata: ")[2])
                if message["author"] != "contact":
                    self._replies.put_nowait(message)

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._reading.close()
        await self._writing.close()
