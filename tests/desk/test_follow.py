"""Each event reaches each reader of the log once, whatever fails or comes late."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import StoppedClock
from desk.events import Event
from desk.follow import Follower, still_missing
from desk.store.database import Database
from desk.tables.event import EventRow
from tests.conftest import NOON


class Reader:
    """Writes down what it was given; fails when it is told to."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.fails = 0

    async def __call__(self, _: AsyncSession, rows: Sequence[EventRow]) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the reader failed")
        self.seen += [row.id for row in rows]


async def _happen(database: Database, clock: StoppedClock, count: int) -> None:
    async with database.write() as session:
        events.append(
            session, *(Event(name="thing.happened", occurred_at=clock()) for _ in range(count))
        )


async def test_every_event_comes_once_and_in_order(
    database: Database, clock: StoppedClock
) -> None:
    reader = Reader()
    follower = Follower("test", reader, database=database, clock=clock, batch=3)
    await _happen(database, clock, 7)
    assert [await follower.step() for _ in range(4)] == [3, 3, 1, 0]
    await _happen(database, clock, 1)
    assert await follower.step() == 1
    assert reader.seen == sorted(set(reader.seen))
    assert len(reader.seen) == 8


async def test_it_runs_by_itself(database: Database, clock: StoppedClock) -> None:
    reader = Reader()
    follower = Follower("test", reader, database=database, clock=clock, batch=2)
    await _happen(database, clock, 5)
    running = asyncio.create_task(follower.run())
    try:
        async with asyncio.timeout(10):
            while len(reader.seen) < 5:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert reader.seen == [1, 2, 3, 4, 5]


async def test_a_failure_loses_nothing(database: Database, clock: StoppedClock) -> None:
    reader = Reader()
    reader.fails = 1
    follower = Follower("test", reader, database=database, clock=clock)
    await _happen(database, clock, 2)
    with pytest.raises(RuntimeError):
        await follower.step()
    assert await follower.step() == 2
    assert reader.fails == 0
    assert len(reader.seen) == 2


async def test_who_begins_later_may_leave_out_the_past(
    database: Database, clock: StoppedClock
) -> None:
    reader = Reader()
    follower = Follower("test", reader, database=database, clock=clock, from_start=False)
    await _happen(database, clock, 3)
    assert await follower.step() == 0
    await _happen(database, clock, 2)
    assert await follower.step() == 2
    assert len(reader.seen) == 2


async def test_a_number_that_appears_late_is_handed_over(
    database: Database, clock: StoppedClock
) -> None:
    async def put(number: int) -> None:
        row = {"id": number, "name": "thing.happened", "occurred_at": clock(), "data": {}}
        async with database.write() as session:
            await session.execute(insert(EventRow).values(row))

    reader = Reader()
    follower = Follower("test", reader, database=database, clock=clock)
    await put(1)
    await put(4)
    await follower.step()
    await put(2)
    assert await follower.step() == 1
    clock.advance(timedelta(minutes=11))
    await put(5)
    await follower.step()
    assert reader.seen == [1, 4, 2, 5]
    await put(3)
    assert await follower.step() == 0, "given up: no transaction lasts so long"


def test_what_is_missing() -> None:
    assert still_missing({}, 3, [4, 5], NOON) == {}
    assert still_missing({}, 3, [6], NOON) == {"4": NOON.isoformat(), "5": NOON.isoformat()}
    old = (NOON - timedelta(minutes=9)).isoformat()
    assert still_missing({"2": old}, 6, [], NOON) == {"2": old}
    assert still_missing({"2": old}, 6, [2], NOON) == {}
    assert still_missing({"2": old}, 6, [], NOON + timedelta(minutes=2)) == {}
