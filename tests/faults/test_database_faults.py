"""The database is locked, full, read-only or cut off: 503 instead of a false 200, and work goes on afterwards."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import web
from app.wiring import Desk, build
from desk.clock import now
from desk.dialogue.memory import MemoryDialogue
from desk.inbox import repository
from desk.inbox.accept import Acceptor, NotAcceptedError
from desk.settings import Settings
from desk.signals import LocalSignals
from desk.store import sqlite
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState
from tests.faults.conftest import visit
from tests.faults.stream import Stream, at_work, outcome, pragma
from tests.talk import inbound, rows

LONGEST_STALL = 0.5
"""Seconds. Not a timed test: if the wait ran on the event loop, the gap would be as long as the lock, two seconds."""
_LOCKER = """
import sys, time
from pysqlite3 import dbapi2
connection = dbapi2.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("COMMIT")
"""


class Heart:
    """Beats every 10 ms and knows the longest time without a beat."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beats = 0

    async def beat(self) -> None:
        """Beat for ever."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            here = time.monotonic()
            self.longest, last = max(self.longest, here - last), here
            self.beats += 1


@pytest.fixture
async def desk(
    settings: Settings, database: Database, dialogue: MemoryDialogue
) -> AsyncIterator[Desk]:
    """Return a desk that lives by the real clock."""
    desk = build(settings, dialogue=dialogue, clock=now)
    yield desk
    await desk.close()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@asynccontextmanager
async def _locked(database: Database, seconds: float) -> AsyncIterator[None]:
    """Hold the whole database in another process; the block starts when it is locked and ends when it is free."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LOCKER, str(database.url.database), str(seconds)),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"locked\n"
    yield
    assert await process.wait() == 0


@on_sqlite
async def test_another_process_locks_the_database_for_a_while(desk: Desk) -> None:
    heart = Heart()
    async with at_work(desk) as client:
        stream = Stream([await visit(client) for _ in range(4)])
        async with stream.writing():
            await asyncio.sleep(0.3)
            async with _locked(desk.database, 2):
                before = stream.count
                beating = asyncio.create_task(heart.beat())
                await asyncio.sleep(1.0)
                during = stream.count - before
                live = await client.get("/health/live")
            beating.cancel()
            await asyncio.sleep(0.3)
        # The fault struck: without it each would have had dozens of messages acknowledged in that second.
        assert during <= len(stream.people)
        assert live.status_code == 200
        assert heart.beats > 10
        assert heart.longest < LONGEST_STALL
        assert stream.count > before + during
        assert stream.refused == 0, "two seconds are less than our patience"
        assert (await outcome(desk, stream)).kept


@on_sqlite
async def test_a_lock_longer_than_our_patience_is_a_503(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.3)
    async with at_work(desk) as client:
        stream = Stream([await visit(client) for _ in range(4)])
        async with stream.writing():
            await asyncio.sleep(0.3)
            async with _locked(desk.database, 2):
                pass
            await asyncio.sleep(0.3)
        assert stream.refused > 0
        assert (await outcome(desk, stream)).kept


@on_sqlite
@pytest.mark.parametrize(
    ("name", "broken", "mended"),
    [("max_page_count", 1, 1_000_000), ("query_only", 1, 0)],
    ids=["full", "read-only"],
)
async def test_a_disk_that_cannot_be_written(
    desk: Desk, name: str, broken: int, mended: int
) -> None:
    async with at_work(desk) as client:
        stream = Stream([await visit(client) for _ in range(4)])
        async with stream.writing():
            async with asyncio.timeout(20):
                while not await stream.people[0].shown():
                    await asyncio.sleep(0.02)
            # The page count cannot go below what is there: the file may not grow by another page.
            await pragma(desk.database, name, broken)
            async with asyncio.timeout(20):
                while stream.refused < 20:
                    await asyncio.sleep(0.02)
            assert len(await rows(desk, InboxRow)) >= stream.count
            assert (await stream.people[0].shown()) != [], "reading goes on"
            await pragma(desk.database, name, mended)
            before = stream.count
            async with asyncio.timeout(20):  # it goes on without a restart
                while stream.count == before:
                    await asyncio.sleep(0.02)
        assert (await outcome(desk, stream)).kept


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_connections_are_cut_again_and_again(desk: Desk, settings: Settings) -> None:
    cut = 0
    other = Database(settings.database_url)
    async with at_work(desk) as client:
        stream = Stream([await visit(client) for _ in range(4)])
        async with stream.writing():
            for _ in range(10):
                await asyncio.sleep(0.1)
                async with other.write() as session:
                    cut += await session.scalar(text(_CUT)) or 0
        assert (await outcome(desk, stream)).kept
    await other.close()
    assert cut >= 10


_CUT = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def test_more_than_the_queue_holds_is_a_503(desk: Desk) -> None:
    acceptor = Acceptor(
        database=desk.database, signals=LocalSignals(), clock=now, queue_size=5, batch=2
    )
    desk.chat._acceptor = acceptor
    transport = httpx.ASGITransport(app=web.build(desk), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        person = await visit(client)
        posts = [asyncio.create_task(person.post(str(uuid4()), f"m{n}")) for n in range(8)]
        await asyncio.sleep(0.2)
        refused = [post.result() for post in posts if post.done()]
        assert [answer.status_code for answer in refused] == [503] * 3
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        writer = asyncio.create_task(acceptor.run())
        codes = [answer.status_code for answer in await asyncio.gather(*posts)]
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer
    assert codes.count(200) == 5 == len(await rows(desk, InboxRow))


async def test_whoever_waits_when_the_writer_stops_is_told_no(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceptor = Acceptor(database=desk.database, signals=LocalSignals(), clock=now)
    stored_before_commit: list[int] = []
    add = repository.add

    async def noted(session: AsyncSession, found: Sequence[dict[str, Any]]) -> None:
        await add(session, found)
        stored_before_commit.append(len(found))
        await asyncio.sleep(5)

    monkeypatch.setattr(repository, "add", noted)
    waiting = [asyncio.create_task(acceptor.accept([inbound(f"m{n}")])) for n in range(3)]
    writer = asyncio.create_task(acceptor.run())
    while not stored_before_commit:
        await asyncio.sleep(0)
    late = asyncio.create_task(acceptor.accept([inbound("late")]))
    await asyncio.sleep(0)
    writer.cancel()
    results = await asyncio.gather(*waiting, late, return_exceptions=True)
    with suppress(asyncio.CancelledError):
        await writer
    assert all(isinstance(result, NotAcceptedError) for result in results)


@pytest.mark.parametrize(
    "strange",
    [
        {"choice": "a\x00b", "text": ""},
        {"sender_name": "\x00" + "n" * 300},
        {"language": "x" * 300, "text": "10023"},
        {"language": "\x00", "text": "\x00"},
    ],
)
async def test_a_message_no_database_likes_does_not_take_its_neighbours_along(
    desk: Desk, strange: dict[str, str]
) -> None:
    async with at_work(desk):
        messages = [
            inbound(**{"text": "?", **strange}),
            *(inbound("hi", f"t{n}") for n in range(5)),
        ]
        await asyncio.gather(*(desk.acceptor.accept([message]) for message in messages))
        async with asyncio.timeout(15):
            while await rows(desk, InboxRow, InboxRow.state != InboxState.DONE):
                await asyncio.sleep(0.05)
    assert len(await rows(desk, InboxRow)) == 6


async def test_a_worker_that_is_stopped_in_mid_turn_gives_the_message_back(
    desk: Desk, dialogue: MemoryDialogue
) -> None:
    dialogue.delay = timedelta(seconds=30)
    async with at_work(desk):
        await desk.acceptor.accept([inbound("hello")])
        async with asyncio.timeout(15):
            while not dialogue.calls:
                await asyncio.sleep(0.01)
        assert [row.state for row in await rows(desk, InboxRow)] == [InboxState.WORKING]
    assert [row.state for row in await rows(desk, InboxRow)] == [InboxState.NEW]
    dialogue.delay = timedelta()
    async with at_work(desk), asyncio.timeout(15):
        while await rows(desk, InboxRow, InboxRow.state != InboxState.DONE):
            await asyncio.sleep(0.05)
    assert len(dialogue.turns) == 1
