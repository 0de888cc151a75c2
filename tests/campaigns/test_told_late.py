"""What a process sent that died before it could tell is told by another, once."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from analytics.campaigns.hand import Ready
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.tables.conversation import MessageRow
from desk.tables.event import EventRow
from tests.campaigns.people import people
from tests.campaigns.sending import dispatcher, launched, segment, wake


class Killed(BaseException):
    """The end of a process."""


async def _messages(desk: Desk) -> list[MessageRow]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(MessageRow).order_by(MessageRow.id)))


async def test_it_is_told_once(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(desk.database, 5)
    await launched(desk, await segment(desk.database, 5))
    await wake(desk).step()
    dying = dispatcher(desk)
    struck = 0

    async def die(sent: Mapping[int, Ready]) -> None:
        nonlocal struck
        struck += 1
        raise Killed

    monkeypatch.setattr(dying._composing, "tell", die)
    with pytest.raises(Killed):
        await dying.drain()
    assert struck == 1
    assert len(memory.sent) == 5
    assert await _messages(desk) == []

    others = [dispatcher(desk), dispatcher(desk)]
    await asyncio.gather(*(one.drain() for one in others))
    assert await _messages(desk) == [], "whoever sent them may still be at it"
    clock.advance(timedelta(minutes=3))
    await asyncio.gather(*(one.drain() for one in others))
    told = await _messages(desk)
    assert len(memory.sent) == len(told) == 5
    # A button that was pressed meanwhile is one that the conversation knows now.
    sent = {choice.id for message in memory.sent for choice in message.choices}
    assert len(sent) == 5
    assert sent == {choice["id"] for message in told for choice in message.choices}
    async with desk.database.read() as session:
        events = await session.scalars(select(EventRow).where(EventRow.name == "campaign.sent"))
        assert len(events.all()) == 5
