"""Which products a customer's words mean, in both languages."""

import pytest

from desk.clock import StoppedClock
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer, Kind
from desk.commerce.products import terms
from desk.commerce.service import Commerce
from desk.store.database import Database


@pytest.fixture
async def shop(database: Database, clock: StoppedClock) -> Commerce:
    await load_demo(Importer(database), clock())
    return Commerce(database, clock)


LAMPS = {"Paper lantern lamp", "Desk lamp with dimmer", "Floor lamp, oak"}
WANTED: list[tuple[str, set[str], bool]] = [
    ("how much is the lamp", LAMPS, True),
    ("do you have the blue teapot", {"Glass teapot 600 ml"}, False),
    ("any candles left?", {"Scented candle, cedar"}, True),
    ("玻璃茶壶多少钱", {"Glass teapot 600 ml"}, True),
    ("台灯有货吗", {"Paper lantern lamp", "Desk lamp with dimmer"}, True),
    ("我想买两个杯子", {"Double-walled cup, set of 2"}, True),
    ("do you sell headphones", set(), False),
    ("how do i place an order", set(), False),
    ("还有吗", set(), False),
    ("100% _ \\ '; drop table", set(), False),
]


async def test_words_find_products(shop: Commerce) -> None:
    for words, names, exact in WANTED:
        found = await shop.products(words=words)
        assert {one.name_en for one in found.products} == names, words
        assert found.exact is exact, words


async def test_stock_is_the_imported_number_or_unknown(shop: Commerce, database: Database) -> None:
    [throw] = (await shop.products(words="wool throw")).products
    assert (throw.price_cents, throw.in_stock) == (6990, 0)
    rows = [
        {"sku": "A", "name_en": "Umbrella", "price": "12.50", "currency": "USD"},
        {"sku": "B", "name_en": "Raincoat", "price": "40", "currency": "USD", "in_stock": "7"},
        {"sku": "C", "name_en": "Boots", "price": "1", "currency": "USD", "in_stock": "-1"},
    ]
    report = await Importer(database).rows(Kind.PRODUCTS, rows)
    assert len(report.rejected) == 1
    [umbrella] = (await shop.products(words="umbrella")).products
    [raincoat] = (await shop.products(words="雨衣 raincoats")).products
    assert (umbrella.price_cents, umbrella.in_stock) == (1250, None)
    assert raincoat.in_stock == 7


def test_common_words_and_plurals_are_no_terms() -> None:
    assert terms("do you have any glasses and vases") == {"glasse", "vase"}
    assert terms("你们有茶盘吗") == {"茶盘"}
