"""A world to put contacts and conversations into, and a studio in which they are asked."""

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from tests.feedback.studio import Studio
from tests.world import World


@pytest.fixture
def world(database: Database, clock: StoppedClock) -> World:
    """Return an empty world."""
    return World(database, clock)


@pytest.fixture
def studio(database: Database, clock: StoppedClock) -> Studio:
    """Return everything together."""
    return Studio(database, clock)
