"""Platforms that can be held up, desks with platforms of one's own, and a relay beside a test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import pytest

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.channel import Pace
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.message import OutboundMessage, Sent
from desk.outbox.relay import Relay
from desk.settings import Settings
from desk.store.database import Database
from tests.talk import accept, inbound

SECOND = timedelta(seconds=1)
type Build = Callable[..., Desk]


class Platform(MemoryChannel):
    """A platform that can be held up, and knows how many sends it had at once and when each came."""

    def __init__(self, name: str, clock: StoppedClock, pace: Pace | None = None) -> None:
        super().__init__(name, pace)
        self.open = asyncio.Event()
        self.open.set()
        self.times: list[tuple[str, datetime]] = []
        self.now = self.most = 0
        self._clock = clock

    async def send(self, message: OutboundMessage) -> Sent:
        """Take the message once the platform is open."""
        self.now += 1
        self.most = max(self.most, self.now)
        self.times.append((message.thread, self._clock()))
        try:
            await self.open.wait()
            return await super().send(message)
        finally:
            self.now -= 1


@pytest.fixture
async def made(
    settings: Settings, database: Database, dialogue: MemoryDialogue, clock: StoppedClock
) -> AsyncIterator[Build]:
    """Return a way to build a desk with platforms of one's own."""
    desks: list[Desk] = []

    def make(*channels: MemoryChannel) -> Desk:
        by_name = {one.name: one for one in channels}
        desks.append(build(settings, dialogue=dialogue, channels=by_name, clock=clock))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.close()


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[None]:
    """Let the relay run beside the block."""
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that is sure to come."""
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


async def queue(desk: Desk, channel: str, threads: Sequence[str], text: str = "hi") -> None:
    """Let customers write and the bot answer, without sending anything."""
    await accept(desk, *(inbound(text, thread, channel=channel) for thread in threads))
    await desk.router.drain()
