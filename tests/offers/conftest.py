"""A shop with two tastes in the engine, its products and customers in the database, and offers about them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest
from ibis.backends import BaseBackend

from analytics.offers import build as building
from analytics.offers.index import FILE
from analytics.offers.model import Draft
from analytics.offers.recommender import Recommender
from analytics.offers.service import Offers
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.shop import CustomerRow, ProductRow
from tests.conftest import NOON
from tests.scoring.conftest import put

AT = NOON.replace(tzinfo=None)
PEOPLE = 60
THINGS = [
    ("tea-pot", "Glass teapot", "玻璃茶壶", "kitchen"),
    ("tea-cup", "Tea cup", "茶杯", "kitchen"),
    ("kettle", "Copper kettle", "铜水壶", "kitchen"),
    ("tray", "Bamboo tray", "竹托盘", "kitchen"),
    ("lamp", "Desk lamp", "台灯", "light"),
    ("shade", "Lamp shade", "灯罩", "light"),
    ("bulb", "Light bulb", "灯泡", "light"),
    ("candle", "Candle", "香薰蜡烛", "light"),
]
"""The first half is what tea drinkers buy, the other what readers do."""


def draft(code: str, title: str, chinese: str, **more: Any) -> Draft:
    """Return an offer as somebody writes it."""
    texts = {
        "title_en": title,
        "title_zh": chinese,
        "text_en": f"{title}, 15% off.",
        "text_zh": f"{chinese}立减。",
    }
    return Draft(code=code, **(texts | {"url": f"https://shop.example.com/{code}"} | more))


TEA = draft("tea", "Glass teapot with two cups", "玻璃茶壶配茶杯", sku="tea-cup")
READ = draft("read", "Warm light for reading", "温暖的阅读灯", sku="shade")
SHIPPING = draft("shipping", "Free express shipping", "免费特快配送")


def fill(engine: BaseBackend, seed: int = 0) -> None:
    """Let even people buy what tea drinkers buy, odd ones what readers do."""
    chance, half = np.random.default_rng(seed), len(THINGS) // 2
    purchases, lines = [], []
    for number in range(PEOPLE):
        mine = THINGS[:half] if number % 2 == 0 else THINGS[half:]
        for n, thing in enumerate(chance.permutation(half)[:2].tolist()):
            order = f"{number}-{n}"
            purchases.append(
                {
                    "order_number": order,
                    "person_id": f"c:{number}",
                    "placed_at": AT - timedelta(days=10 + n),
                    "status": "delivered",
                    "amount": 10.0,
                    "currency": "USD",
                }
            )
            sku, name, _, category = mine[thing]
            lines.append(
                {
                    "order_number": order,
                    "position": 1,
                    "sku": sku,
                    "name": name,
                    "category": category,
                    "quantity": 1,
                    "amount": 10.0,
                }
            )
    put(engine, "purchase", purchases)
    put(engine, "purchase_line", lines)


@pytest.fixture
def engine() -> Iterator[BaseBackend]:
    """Return an engine with the two tastes."""
    backend = ibis.duckdb.connect()
    prepare(backend)
    fill(backend)
    yield backend
    backend.disconnect()


def tables(engine: BaseBackend) -> dict[str, Any]:
    """Return the engine's tables."""
    return {name: engine.table(name) for name in SCHEMAS}


class House:
    """Offers over a real database with one customer of each taste, and a visitor."""

    def __init__(self, database: Database, clock: StoppedClock, path: Path) -> None:
        self.database = database
        self.clock = clock
        self.path = path / FILE
        self.offers = Offers(database, clock)
        self.recommender = self.another()

    def another(self) -> Recommender:
        """Return what another process would answer with."""
        return Recommender(self.database, self.clock, self.path)

    async def begin(self) -> None:
        """Let there be products, customers 0 and 1 with a contact each, and a visitor; each has a conversation."""
        async with self.database.write() as session:
            for sku, english, chinese, category in THINGS:
                names = {"name_en": english, "name_zh": chinese, "category": category}
                session.add(ProductRow(sku=sku, price_cents=1000, currency="USD", **names))
            for number in ("0", "1"):
                session.add(CustomerRow(id=number, name=f"P. {number}", created_at=NOON))
            await session.flush()
            for number, customer in (("0", "0"), ("1", "1"), ("v", None)):
                session.add(ContactRow(id=f"k{number}", customer_id=customer, created_at=NOON))
                await session.flush()
                session.add(
                    ConversationRow(
                        id=f"t{number}",
                        contact_id=f"k{number}",
                        channel="webchat",
                        account="web",
                        thread=f"t{number}",
                        created_at=NOON,
                        updated_at=NOON,
                    )
                )


@pytest.fixture
async def house(
    database: Database, clock: StoppedClock, engine: BaseBackend, tmp_path: Path
) -> House:
    """Return offers with an index of everybody."""
    found = House(database, clock, tmp_path)
    await found.begin()
    building.build(tables(engine), AT, found.path)
    return found
