"""Customers of the running product, and a second desk that may be hurt."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest

from tests.customer import Customer
from tests.running import RunningDesk
from tests.stored import Stored

type Arrive = Callable[[], Awaitable[Customer]]


@pytest.fixture
async def arrive(running: RunningDesk) -> AsyncIterator[Arrive]:
    """Return a way to send a new customer to the shared desk."""
    async with httpx.AsyncClient(base_url=running.base, trust_env=False, timeout=30) as client:
        yield lambda: Customer.arrive(client)


@pytest.fixture
async def customer(arrive: Arrive) -> Customer:
    """Return a new customer of the shared desk."""
    return await arrive()


@pytest.fixture
def stored(running: RunningDesk) -> Stored:
    """Return what the shared desk has written down."""
    return Stored(running.database_url)


@pytest.fixture(scope="module")
def own_desk(
    tmp_path_factory: pytest.TempPathFactory, running: RunningDesk
) -> Iterator[RunningDesk]:
    """Start a desk that a module may hurt; the shared one was prepared before it."""
    assert running.pid
    desk = RunningDesk(tmp_path_factory.mktemp("own-desk"), "--demo")
    desk.start()
    try:
        desk.wait()
        yield desk
    finally:
        desk.stop()
