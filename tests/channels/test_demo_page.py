"""The demo shop's page sells what the demo shop has, at its prices."""

import re
from pathlib import Path

from desk.commerce.demo_data import PRODUCTS, SOLD_OUT

STATIC = Path(__file__).parents[2] / "channels" / "webchat" / "static"
_GOODS = re.compile(
    r'<li data-sku="([^"]+)">.*?<h3 data-text="(\w+)">([^<]+)</h3>.*?<b>\$([\d.]+)</b>', re.DOTALL
)


def test_the_page_shows_the_shops_own_names_and_prices() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    chinese = (STATIC / "page.js").read_text(encoding="utf-8")
    shop = {sku: (en, zh, f"{cents / 100:.2f}") for sku, en, zh, cents in PRODUCTS}
    goods = _GOODS.findall(page)
    assert len(goods) == 4
    for sku, key, name, price in goods:
        name_zh = re.search(rf'\b{key}: "([^"]+)"', chinese)
        assert name_zh is not None, key
        assert (name, name_zh[1], price) == shop[sku]
        assert sku not in SOLD_OUT
