"""People in a real database, and what merges them."""

import pytest

from desk.clock import StoppedClock
from desk.contacts.merging import Merging
from desk.store.database import Database
from tests.contacts.people import People


@pytest.fixture
def people(database: Database, clock: StoppedClock) -> People:
    """Return what makes people."""
    return People(database, clock())


@pytest.fixture
def merging(database: Database, clock: StoppedClock) -> Merging:
    """Return what merges them."""
    return Merging(database, clock)
