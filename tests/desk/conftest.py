"""Fixtures of tests about what comes in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from app.wiring import Desk
from tests.desk.polled import (
    HeardChannel,
    PolledChannel,
)


@pytest.fixture
def polled() -> PolledChannel:
    """Return a channel that is asked."""
    return PolledChannel()


@pytest.fixture
def heard() -> HeardChannel:
    """Return a channel with a connection."""
    return HeardChannel()


@pytest.fixture
async def accepting(desk: Desk) -> AsyncIterator[None]:
    """Write down what is accepted, as a running process does."""
    writer = asyncio.create_task(desk.acceptor.run())
    yield
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer
