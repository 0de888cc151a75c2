"""A desk behind a real synapse, and people who write to it."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.channels.matrix.desk import SmallDesk
from tests.channels.matrix.subject import build
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.proxy import Proxy
from tests.platforms.matrix.server import Synapse, shared


@pytest.fixture(scope="session")
def synapse() -> Synapse:
    """Return the Matrix server of this run."""
    return shared()


@pytest.fixture
async def proxy(synapse: Synapse) -> AsyncIterator[Proxy]:
    """Return the way to the server, which can be made faulty."""
    async with Proxy.open(synapse.url) as proxy:
        yield proxy
        assert proxy.violations == []


@pytest.fixture
async def desk(synapse: Synapse, proxy: Proxy) -> AsyncIterator[SmallDesk]:
    """Return a desk that takes what the server pushes."""
    async with SmallDesk.open(build(proxy.url, timeout=10), synapse) as desk:
        yield desk
        assert desk.unread == []


@pytest.fixture
def person(synapse: Synapse) -> Iterator[Callable[[str], Person]]:
    """Return what makes people."""
    people: list[Person] = []

    def make(name: str) -> Person:
        people.append(Person(synapse, name))
        return people[-1]

    yield make
    for one in people:
        one.close()
