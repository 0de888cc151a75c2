"""Builds what is known about people: insights, segments, and the loops that keep both fresh."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from analytics.insight.known import Insights
from analytics.segments.people import People, Reading
from analytics.segments.refresh import Refresher
from analytics.segments.schedule import SegmentSchedule
from analytics.segments.service import Segments
from analytics.warehouse.place import Warehouse
from desk.clock import Clock
from desk.settings import Settings
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class InsightDesk:
    """What pages and commands ask, and the loops by name that wait for a time."""

    insights: Insights
    segments: Segments
    time: Mapping[str, Callable[[], Awaitable[object]]]


def reading(settings: Settings) -> Reading:
    """Return what opens the engine's tables of the settings."""
    return Warehouse(settings.data_dir, settings.analytics_url).reading


def build(reading: Reading, database: Database, clock: Clock) -> InsightDesk:
    """Tie segments to the engine, which ``reading`` opens for each question, and to the operational database."""
    people = People(reading)
    refresher = Refresher(database, clock, people)
    return InsightDesk(
        insights=Insights(database, reading, clock),
        segments=Segments(database, clock, people, refresher),
        time={"segments": SegmentSchedule(refresher).run},
    )
