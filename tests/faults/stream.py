"""Customers who write all the time to a desk in this process, and what its database can be made to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from app import web
from app.processes import forever
from app.wiring import Desk
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState
from tests.faults.conftest import Visitor
from tests.faults.verdict import Verdict, judge
from tests.talk import rows


class Stream:
    """Customers who write all the time and repeat what was not acknowledged."""

    def __init__(self, people: list[Visitor]) -> None:
        self.people = people
        self.acknowledged: list[list[str]] = [[] for _ in people]
        self.refused = 0
        self.others: set[int] = set()
        self._stop = asyncio.Event()

    @property
    def count(self) -> int:
        """How many messages were acknowledged."""
        return sum(map(len, self.acknowledged))

    async def pause(self) -> None:
        """Let everybody write for a moment."""
        await asyncio.sleep(0.02)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write during the block; everybody's last message is acknowledged too."""
        tasks = [asyncio.create_task(self._one(number)) for number in range(len(self.people))]
        try:
            yield
            self._stop.set()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            name, words = str(uuid4()), f"p{number}-{count}"
            while (answer := await self.people[number].post(name, words)).status_code != 200:
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) >= 1
                self.refused += 1
                await asyncio.sleep(0.02)
            self.acknowledged[number].append(words)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Run the desk as a process does, with loops that come back, and give a client."""
    loops = {"accept": desk.acceptor.run, "router": desk.router.run, "relay": desk.relay.run}
    tasks = [asyncio.create_task(forever(name, loop)) for name, loop in loops.items()]
    transport = httpx.ASGITransport(app=web.build(desk), raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            yield client
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def outcome(desk: Desk, stream: Stream) -> Verdict:
    """Wait until nothing is left to do, and judge what everybody sees."""
    async with asyncio.timeout(20):
        while await rows(desk, InboxRow, InboxRow.state != InboxState.DONE):
            await asyncio.sleep(0.05)
    verdicts = [
        judge(said, await person.shown(), lambda words: f"You said: {words}")
        for person, said in zip(stream.people, stream.acknowledged, strict=True)
    ]
    return sum(verdicts, Verdict())


async def pragma(database: Database, name: str, value: int) -> None:
    """Set a limit on the one connection that writes."""
    connection = await database.engine.raw_connection()
    assert connection.driver_connection is not None
    connection.driver_connection.execute(f"PRAGMA {name}={value}")
    connection.close()
