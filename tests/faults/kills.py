"""Customers who write all the time to an application that is killed again and again."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.faults.assistant import Assistant, answer
from tests.faults.verdict import Verdict, judge
from tests.running import ROOT, free_port

_LIFE = 0.5
"""A process lives up to so many seconds after its first turn."""


class Application:
    """The process that is killed, and the one that brings it forth again."""

    def __init__(
        self, folder: Path, rasa_port: int, bug: str | None, env: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / "application.log"
        url = f"sqlite:///{folder}/desk.sqlite"
        self._env = env or {}
        self._arguments = [str(self.port), str(rasa_port), url, *([bug] if bug else [])]
        self._nursery: asyncio.subprocess.Process | None = None
        self._pid = 0
        self._ended: asyncio.Task[bytes] | None = None

    async def start(self) -> None:
        """Start it; it is not up yet."""
        if self._nursery is None:
            self._nursery = await self._open()
        out, orders = self._nursery.stdout, self._nursery.stdin
        assert out is not None
        assert orders is not None
        orders.write(b"start\n")
        self._pid = int(await asyncio.wait_for(out.readline(), 60))
        self._ended = asyncio.create_task(out.readline())

    async def _open(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.application", *self._arguments),
                cwd=ROOT,
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")},
                    **self._env,
                },
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    def check(self) -> None:
        """Fail if it ended by itself."""
        if self._ended is not None and self._ended.done():
            raise RuntimeError(f"it ended by itself:\n{self.log.read_text()[-2000:]}")

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, wait, and return the exit code."""
        self.check()
        assert self._ended is not None
        os.kill(self._pid, number)
        return int(await asyncio.wait_for(self._ended, 30))

    async def close(self) -> int:
        """End it in order and return its exit code."""
        code = await self.end(signal.SIGTERM)
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.close()
            await self._nursery.wait()
        return code


@dataclass
class Customer:
    """Writes one message after the other; repeats each until it is acknowledged."""

    name: str
    base: str
    acknowledged: list[str] = field(default_factory=list)
    repeated: int = 0
    streamed: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)

    async def run(self, client: httpx.AsyncClient, stop: asyncio.Event) -> None:
        """Write until told to stop; the last message is acknowledged too."""
        self.headers = await self._visit(client)
        number = 0
        while not stop.is_set():
            number += 1
            text = f"{self.name}-{number}"
            self._last = {"id": str(uuid4()), "text": text}
            await self._post(client)
            self.acknowledged.append(text)
            # A network may deliver a request twice, also after its answer.
            if random.random() < 0.1:
                await self._post(client)
            await asyncio.sleep(random.uniform(0.02, 0.1))

    async def _visit(self, client: httpx.AsyncClient) -> dict[str, str]:
        while True:
            with suppress(httpx.HTTPError):
                response = await client.post(f"{self.base}/chat/v1/visitors", json={})
                if response.status_code == 201:
                    return {"Authorization": f"Bearer {response.json()['token']}"}
            await asyncio.sleep(0.05)

    async def _post(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                response = await client.post(
                    f"{self.base}/chat/v1/messages", headers=self.headers, json=self._last
                )
                if response.status_code == 200:
                    return
                if response.status_code != 503:
                    raise AssertionError(f"{response.status_code}: {response.text}")
            except httpx.HTTPError:
                pass
            self.repeated += 1
            await asyncio.sleep(0.05)

    async def follow(self, client: httpx.AsyncClient) -> None:
        """Read the stream for ever, resuming after the last message that was seen."""
        while True:
            seen = str(self.streamed[-1]) if self.streamed else "0"
            headers = {**self.headers, "Last-Event-ID": seen}
            with suppress(httpx.HTTPError):
                if self.headers:
                    url = f"{self.base}/chat/v1/events"
                    async with client.stream("GET", url, headers=headers, timeout=30) as stream:
                        async for line in stream.aiter_lines():
                            if line.startswith("id: "):
                                self.streamed.append(int(line[4:]))
            await asyncio.sleep(0.05)

    async def shown(self, client: httpx.AsyncClient) -> list[tuple[str, str]]:
        """Return (author, text) of the whole history as the customer sees it."""
        found: list[tuple[str, str]] = []
        after = 0
        while True:
            response = await client.get(
                f"{self.base}/chat/v1/messages", params={"after": after}, headers=self.headers
            )
            page = response.json()["messages"]
            if not page:
                return found
            found += [(message["author"], message["text"]) for message in page]
            after = page[-1]["id"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run has shown."""

    kills: int
    exit_code: int
    in_turn: int
    acknowledged: int
    repeated: int
    run_twice: int
    stream_gaps: int
    strangers: int
    verdict: Verdict
    seconds: float

    def __str__(self) -> str:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lines = {"lost", "doubled", "unanswered", "answered_twice"}
        broken = {name: len(getattr(self.verdict, name)) for name in lines}
        del fields["verdict"]
        return json.dumps(fields | broken | {"order": self.verdict.order})


async def run(
    folder: Path, *, kills: int, customers: int = 6, bug: str | None = None, patience: float = 30
) -> Report:
    """Kill the application under load ``kills`` times, let it come to rest and judge what customers see."""
    started = time.monotonic()
    async with Assistant(slowest=0.03) as assistant, _client() as client:
        application = Application(folder, assistant.port, bug)
        people = [Customer(f"c{number}", application.base) for number in range(customers)]
        stop = asyncio.Event()
        await application.start()
        writing = [asyncio.create_task(person.run(client, stop)) for person in people]
        reading = [asyncio.create_task(person.follow(client)) for person in people[:2]]
        in_turn = 0
        try:
            for _ in range(kills):
                in_turn += await _kill(application, assistant)
                await application.start()
            await _contact(application, assistant)
            stop.set()
            await asyncio.gather(*writing)
            await _rest(client, people, patience)
            await asyncio.sleep(0.3)  # a second answer to the last message would come now
            shown = [await person.shown(client) for person in people]
        finally:
            for task in (*writing, *reading):
                task.cancel()
            await asyncio.gather(*writing, *reading, return_exceptions=True)
            code = await application.close()
        verdicts = [
            judge(person.acknowledged, lines, answer)
            for person, lines in zip(people, shown, strict=True)
        ]
        return Report(
            kills=kills,
            exit_code=code,
            in_turn=in_turn,
            acknowledged=sum(len(person.acknowledged) for person in people),
            repeated=sum(person.repeated for person in people),
            run_twice=sum(1 for times in assistant.runs.values() if times > 1),
            stream_gaps=sum(
                _gaps(p.streamed, len(s)) for p, s in zip(people[:2], shown, strict=False)
            ),
            strangers=sum(1 for s in shown for author, _ in s if author not in ("contact", "bot")),
            verdict=sum(verdicts, Verdict()),
            seconds=round(time.monotonic() - started, 1),
        )


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
    async with httpx.AsyncClient(timeout=15, limits=limits, trust_env=False) as client:
        yield client


async def _contact(application: Application, assistant: Assistant) -> None:
    """Wait for the first turn of this life: before it, most kills would fall into the start-up."""
    assistant.first_turn.clear()
    async with asyncio.timeout(60):
        while not assistant.first_turn.is_set():
            application.check()
            with suppress(TimeoutError):
                await asyncio.wait_for(assistant.first_turn.wait(), 0.1)


async def _kill(application: Application, assistant: Assistant) -> bool:
    """Kill at a random moment, every other time soon after a turn began; return whether one was in flight."""
    await _contact(application, assistant)
    await asyncio.sleep(random.uniform(0, _LIFE))
    if random.random() < 0.5:
        await _contact(application, assistant)
        await asyncio.sleep(random.uniform(0, 0.02))
    struck = assistant.in_flight > 0
    await application.end(signal.SIGKILL)
    return struck


async def _rest(client: httpx.AsyncClient, people: list[Customer], patience: float) -> None:
    """Wait until everybody has as many answers as questions, or for as long as is decent."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            for person in people:
                while len(await person.shown(client)) < 2 * len(person.acknowledged):
                    await asyncio.sleep(0.1)


def _gaps(streamed: list[int], count: int) -> int:
    """Return how many messages the stream left out, repeated or changed places of."""
    wanted = range(1, count + 1)
    misplaced = sum(1 for one, two in zip(streamed, wanted, strict=False) if one != two)
    return misplaced + abs(len(streamed) - count)
