"""Reading what platforms hold for us: rows and cursor together, whatever fails."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.wiring import Desk
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.inbox import cursors, readers, repository
from desk.inbox.readers import LeaseLostError
from desk.outbox import costs
from desk.tables.channel import ChannelState, CursorRow
from tests.conftest import NOON
from tests.desk.polled import (
    LANE,
    MINUTE,
    HeardChannel,
    PolledChannel,
    brought,
    cursor_row,
    reading,
    said,
    texts,
)
from tests.talk import events


async def test_a_poll_stores_messages_cursor_and_cost_together(
    desk: Desk, polled: PolledChannel, clock: StoppedClock
) -> None:
    pause = timedelta(seconds=15)
    polled.news = [brought("one", "two", cursor="2", wait=pause, cost_micros=30_000)]
    process = reading(desk, polled)
    assert await process.poll(polled) == pause
    await process.poll(polled)
    assert polled.asked == [None, "2"]
    assert await texts(desk) == ["one", "two"]
    async with desk.database.read() as session:
        assert await costs.of_day(session, LANE, NOON.date()) == 30_000
        assert await cursors.last_read(session, *LANE) == clock()
    (state,) = await desk.states.all()
    assert state.state is ChannelState.UP


async def test_what_is_not_stored_does_not_move_the_cursor(
    desk: Desk, polled: PolledChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck, honest = 0, repository.add

    async def full(*arguments: Any) -> None:
        nonlocal struck
        await honest(*arguments)
        struck += 1
        if struck == 1:
            raise OSError("the disk is full")

    monkeypatch.setattr(repository, "add", full)
    polled.news = [brought("one", cursor="1", cost_micros=5), brought("one", cursor="1")]
    process = reading(desk, polled)
    with pytest.raises(OSError, match="full"):
        await process.poll(polled)
    assert await texts(desk) == []
    assert (await cursor_row(desk)).cursor is None
    await process.poll(polled)
    assert polled.asked == [None, None]
    assert struck == 2
    assert await texts(desk) == ["one"]


async def test_a_poll_that_outlasts_its_lease_stores_nothing(
    desk: Desk, polled: PolledChannel, clock: StoppedClock
) -> None:
    slow, other = reading(desk, polled), reading(desk, polled)

    async def taken_over() -> None:
        polled.meanwhile = None
        clock.advance(2 * MINUTE)
        assert await other.poll(polled) == timedelta()

    polled.meanwhile = taken_over
    # The other process is answered first.
    polled.news = [brought("one", cursor="from the other"), brought("one", "two", cursor="late")]
    with pytest.raises(LeaseLostError):
        await slow.poll(polled)
    assert await texts(desk) == ["one"]
    assert (await cursor_row(desk)).cursor == "from the other"
    assert await slow.poll(polled) == timedelta(seconds=5)


async def test_a_poll_that_hangs_is_ended(
    desk: Desk, polled: PolledChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "POLL_TIMEOUT", timedelta(milliseconds=10))
    polled.meanwhile = asyncio.Event().wait
    with pytest.raises(TimeoutError):
        await reading(desk, polled).poll(polled)


async def test_one_account_that_is_down_stops_no_other_and_comes_back(
    desk: Desk, polled: PolledChannel
) -> None:
    class Other(PolledChannel):
        def __init__(self) -> None:
            super().__init__()
            self.name = "other"

    soon = timedelta(milliseconds=1)
    done, other = asyncio.Event(), Other()
    refused = [ChannelDownError("the token is revoked", retry_in=soon)] * 3
    away = RetryableError("away", retry_in=soon)
    polled.news = [*refused, away, brought("back", cursor="1", wait=MINUTE)]
    other.news = [brought("good", cursor="1", wait=MINUTE)]

    async def look() -> None:
        if len(polled.asked) > 4:
            done.set()

    polled.meanwhile = look
    process = reading(desk, polled, other)
    running = asyncio.create_task(process.run())
    async with asyncio.timeout(20):
        await done.wait()
        while sorted(await texts(desk)) != ["back", "good"]:
            await asyncio.sleep(0.005)
        while len(await events(desk, "channel.went_up")) < 2:
            await asyncio.sleep(0.005)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    (down,) = await events(desk, "channel.went_down")
    assert down.data["channel"] == "polled"
    async with desk.database.read() as session:
        owners = (await session.scalars(select(CursorRow.lease_owner))).all()
    assert owners == [None, None]  # another process may read at once


# -- listening


async def test_what_is_heard_is_stored_before_it_is_acknowledged(
    desk: Desk, heard: HeardChannel, accepting: None
) -> None:
    heard.words = [said("one"), said("two")]
    heard.ends_with = RetryableError("the connection broke")
    process = reading(desk, heard)
    with pytest.raises(RetryableError, match="broke"):
        await process.listen(heard)
    assert await texts(desk) == ["one", "two"]
    assert await reading(desk, heard).listen(heard) == timedelta(seconds=5)  # still the first's


async def test_an_account_that_is_refused_again_and_again_is_never_called_up(
    desk: Desk, heard: HeardChannel, accepting: None
) -> None:
    heard.ends_with = ChannelDownError("the token is revoked")
    process = reading(desk, heard)
    for _ in range(3):
        with pytest.raises(ChannelDownError) as caught:
            await process.listen(heard)
        await desk.states.tell(heard.name, heard.account, caught.value)
    assert len(await events(desk, "channel.went_down")) == 1
    assert await events(desk, "channel.went_up") == []


async def test_who_loses_the_lease_hangs_up(
    desk: Desk,
    heard: HeardChannel,
    accepting: None,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readers, "LEASE", timedelta(milliseconds=15))
    listening = asyncio.create_task(reading(desk, heard).listen(heard))
    async with asyncio.timeout(20):
        while not await desk.states.all():  # an open connection is a sign of life
            await asyncio.sleep(0.005)
        assert heard.is_open
        other = {"lease_owner": "other", "lease_until": clock() + 10 * MINUTE}
        async with desk.database.write() as session:
            await session.execute(update(CursorRow).values(**other))
        with pytest.raises(LeaseLostError):
            await listening
    assert not heard.is_open


# -- the one door
