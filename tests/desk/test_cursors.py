"""Who reads an account: one process at a time, by a lease, and from where."""

import asyncio
from datetime import timedelta

from desk.clock import StoppedClock
from desk.inbox import cursors
from desk.store.database import Database
from tests.desk.polled import (
    LANE,
    MINUTE,
)


async def take(database: Database, owner: str, clock: StoppedClock) -> cursors.Reading | None:
    return await cursors.take(database, *LANE, owner=owner, now=clock())


async def test_the_lease_is_taken_kept_refused_and_taken_over(
    database: Database, clock: StoppedClock
) -> None:
    assert await take(database, "one", clock) is not None
    clock.advance(MINUTE)
    assert await take(database, "two", clock) is None  # it ends after this moment
    assert await take(database, "one", clock) is not None  # and is kept by asking again
    clock.advance(MINUTE)
    assert await take(database, "two", clock) is None
    clock.advance(timedelta(milliseconds=1))
    assert await take(database, "two", clock) is not None
    assert await take(database, "one", clock) is None


async def test_of_many_at_the_same_moment_one_gets_the_lease(
    database: Database, clock: StoppedClock
) -> None:
    found = await asyncio.gather(*(take(database, f"p{n}", clock) for n in range(8)))
    assert len([one for one in found if one is not None]) == 1


async def test_a_released_lease_is_free_at_once_and_the_cursor_stays(
    database: Database, clock: StoppedClock
) -> None:
    reading = await take(database, "one", clock)
    assert reading is not None
    async with database.write() as session:
        assert await cursors.move(session, reading, "7", clock())
    await cursors.release(database, "somebody else")
    assert await take(database, "two", clock) is None
    await cursors.release(database, "one")
    taken = await take(database, "two", clock)
    assert taken is not None
    assert taken.cursor == "7"


async def test_who_lost_the_lease_moves_nothing(database: Database, clock: StoppedClock) -> None:
    late = await take(database, "one", clock)
    clock.advance(2 * MINUTE)
    await take(database, "two", clock)
    assert late is not None
    async with database.write() as session:
        assert not await cursors.move(session, late, "9", clock())
        assert await cursors.last_read(session, *LANE) is None


# -- polling
