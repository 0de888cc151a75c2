"""A stand-in for X and the adapter that calls it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from channels.x.adapter import X
from desk.clock import StoppedClock
from tests.channels.x.subject import XSubject, adapter
from tests.platforms.x.server import XServer


@pytest.fixture
def now() -> StoppedClock:
    """Return a clock that stands still at noon."""
    return StoppedClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


@pytest.fixture
async def server(now: StoppedClock) -> AsyncIterator[XServer]:
    """Run the stand-in; every call must have kept X's rules."""
    async with XServer.open(now) as one:
        yield one
        assert one.violations == []


@pytest.fixture
async def channel(server: XServer, now: StoppedClock) -> AsyncIterator[X]:
    """Return the adapter in polling mode."""
    one = adapter(server, now)
    yield one
    await one.close()


@pytest.fixture
async def subject(now: StoppedClock) -> AsyncIterator[XSubject]:
    """Run the contract suite's subject."""
    async with XSubject.open(now) as one:
        yield one
        assert one.platform.violations == []
