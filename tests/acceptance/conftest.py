"""Customers of the running product."""

from collections.abc import AsyncIterator, Awaitable, Callable

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
