"""A world to put contacts and conversations into."""

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from tests.world import World


@pytest.fixture
def world(database: Database, clock: StoppedClock) -> World:
    """Return an empty world."""
    return World(database, clock)
