"""Segments over a real database and a small engine whose people can change."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import ibis
import pytest
from ibis.backends import BaseBackend

from analytics.segments.model import Draft
from analytics.segments.people import People
from analytics.segments.refresh import Refresher
from analytics.segments.schedule import SegmentSchedule
from analytics.segments.service import Segments
from desk.clock import StoppedClock
from desk.store.database import Database
from tests.segments.people import NOW, Row, fill, world

GERMANS: dict[str, Any] = {
    "version": 1,
    "where": {"kind": "person", "field": "country", "op": "is", "value": "DE"},
}


def draft(name: str = "Germans", **more: Any) -> Draft:
    """Return a segment as people say it."""
    return Draft(**({"name": name, "rule": GERMANS} | more))


@dataclass
class House:
    """Services and what they stand on."""

    database: Database
    clock: StoppedClock
    engine: BaseBackend
    batch: int = 5
    rows: dict[str, list[Row]] = field(default_factory=lambda: copy.deepcopy(dict(world(1))))

    def __post_init__(self) -> None:
        self.fill()
        self.people = People(lambda: nullcontext(self.engine))
        self.refresher = self.another()
        self.segments = Segments(self.database, self.clock, self.people, self.refresher)
        self.schedule = SegmentSchedule(self.refresher)

    def another(self, database: Database | None = None) -> Refresher:
        """Return what another process would refresh with."""
        return Refresher(database or self.database, self.clock, self.people, batch=self.batch)

    def fill(self) -> None:
        """Let the engine know what has changed."""
        fill(self.engine, self.rows)

    def move(self, person_id: str, country: str | None) -> None:
        """Let somebody move to another country."""
        for row in self.rows["person"]:
            if row["person_id"] == person_id:
                row["country"] = country
        self.fill()

    def germans(self) -> set[str]:
        """Return who belongs, by a plain reading."""
        return {
            r["person_id"] for r in self.rows["person"] if (r["country"] or "").lower() == "de"
        }

    async def members(self, segment_id: int) -> set[str]:
        """Return who was written down."""
        page = await self.segments.members(segment_id, limit=200)
        assert page.after is None
        return {member.person_id for member, _ in page.members}


@pytest.fixture
def clock() -> StoppedClock:
    """Return a clock that stands when the small world does."""
    return StoppedClock(NOW)


@pytest.fixture
def engine() -> Iterator[BaseBackend]:
    """Return an engine of its own."""
    backend = ibis.duckdb.connect()
    yield backend
    backend.disconnect()


@pytest.fixture
def house(database: Database, clock: StoppedClock, engine: BaseBackend) -> House:
    """Return segments beside a small world."""
    return House(database, clock, engine)
