"""Updates that could not be read: set aside, tried again, replayed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.wiring import Desk
from desk.channel import Polled
from desk.clock import StoppedClock
from desk.errors import ConflictError, NotFoundError
from desk.inbox.again import UnreadAgain
from desk.inbox.unread import UnreadUpdates
from desk.message import (
    Unread,
)
from desk.tables.channel import UnreadRow, UnreadState
from tests.desk.polled import (
    PolledChannel,
    reading,
    said,
    texts,
    unread,
)
from tests.talk import rows


def again(desk: Desk, *channels: Any) -> UnreadAgain:
    """Return what reads again, as a process of its own."""
    known = {channel.name: channel for channel in channels}
    return UnreadAgain(
        database=desk.database, channels=known, ingest=desk.ingest, clock=desk.clock
    )


async def test_the_same_unread_update_is_kept_once(desk: Desk, polled: PolledChannel) -> None:
    twice = Polled(updates=(unread(b=1, a=2), unread(a=2, b=1), unread(a=3)), cursor="1")
    polled.news = [twice]
    await reading(desk, polled).poll(polled)
    kept = [row.raw for row in await rows(desk, UnreadRow)]
    assert kept == ['{"a": 2, "b": 1}', '{"a": 3}']


async def test_it_is_tried_five_times_ever_later_and_holds_up_nobody(
    desk: Desk, polled: PolledChannel, clock: StoppedClock
) -> None:
    polled.news = [Polled(updates=(unread(odd=1), said("healthy")), cursor="1")]
    await reading(desk, polled).poll(polled)
    assert await texts(desk) == ["healthy"]
    reader, pauses = again(desk, polled), []
    for attempt in range(2, 6):
        (row,) = await rows(desk, UnreadRow)
        pauses.append((row.not_before - clock()).total_seconds())
        assert await reader.step() == 0
        clock.at = row.not_before
        assert await reader.step() == 1
        (row,) = await rows(desk, UnreadRow)
        assert (row.attempts, row.last_error) == (attempt, "KeyError: 'text'")
    assert pauses == [1, 2, 4, 8]
    assert (row.state, row.done_at) == (UnreadState.DEAD, clock())
    clock.advance(timedelta(days=1))
    assert await reader.step() == 0


async def test_a_dead_one_is_replayed_and_read(
    desk: Desk, polled: PolledChannel, clock: StoppedClock
) -> None:
    await dead(desk, clock, unread(text="read after all"), unread(odd=1))
    updates = UnreadUpdates(desk.database, clock)
    good, bad = sorted(row.id for row in await updates.list(state=UnreadState.DEAD, limit=9))
    await updates.replay(good)
    with pytest.raises(ConflictError, match=f"update {good} is waiting"):
        await updates.replay(good)
    with pytest.raises(NotFoundError, match="there is no update 999"):
        await updates.replay(999)
    assert await again(desk, polled).step() == 1
    assert await texts(desk) == ["read after all"]
    states = {row.id: row.state for row in await rows(desk, UnreadRow)}
    assert states == {good: UnreadState.DONE, bad: UnreadState.DEAD}


async def test_all_dead_ones_are_replayed(desk: Desk, clock: StoppedClock) -> None:
    await dead(desk, clock, *(unread(odd=number) for number in range(205)))
    updates = UnreadUpdates(desk.database, clock)
    assert await updates.replay_all() == 205
    assert await updates.replay_all() == 0


async def test_a_channel_that_is_gone_is_said_in_words(desk: Desk, clock: StoppedClock) -> None:
    await dead(desk, clock, unread(odd=1))
    await UnreadUpdates(desk.database, clock).replay_all()
    assert await again(desk).step() == 1
    (row,) = await rows(desk, UnreadRow)
    assert row.last_error == "LookupError: the channel polled is not set up"


async def test_two_processes_read_it_once(
    desk: Desk, polled: PolledChannel, clock: StoppedClock
) -> None:
    await dead(desk, clock, *(unread(text=f"m{number}") for number in range(10)))
    await UnreadUpdates(desk.database, clock).replay_all()
    await asyncio.gather(*(again(desk, polled).step() for _ in range(3)))
    assert sorted(await texts(desk)) == sorted(f"m{number}" for number in range(10))
    assert {row.state for row in await rows(desk, UnreadRow)} == {UnreadState.DONE}


async def dead(desk: Desk, clock: StoppedClock, *found: Unread) -> None:
    """Set updates aside and give them up."""
    async with desk.database.write() as session:
        await desk.ingest.store(session, found)
        await session.execute(update(UnreadRow).values(state=UnreadState.DEAD, attempts=5))
