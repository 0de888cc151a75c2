"""Builds what offers need: the service that keeps them, and what answers which is for whom."""

from dataclasses import dataclass
from pathlib import Path

from analytics.offers.index import FILE
from analytics.offers.recommender import Recommender
from analytics.offers.service import Offers
from desk.clock import Clock
from desk.settings import Settings
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class OffersDesk:
    """What pages, actions and commands ask."""

    offers: Offers
    recommender: Recommender


def index_file(settings: Settings) -> Path:
    """Return where the daily child leaves what it knows of everybody."""
    return settings.data_dir / FILE


def build(settings: Settings, database: Database, clock: Clock) -> OffersDesk:
    """Tie offers to the database and to the index of everybody."""
    recommender = Recommender(database, clock, index_file(settings))
    return OffersDesk(offers=Offers(database, clock), recommender=recommender)
