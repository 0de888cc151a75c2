"""The dashboard of a shop with every model: nothing in anybody's way, every chart drawn, and no sideways scrolling."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]

from analytics.insight.scoring.everybody import score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from app.wiring import Desk
from console.services import ConsoleServices
from desk.clock import StoppedClock
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.console.conftest import access, services
from tests.scoring.conftest import DAY, orders, person, put

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser
_PEOPLE = 120
_LOADED = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode()));
  return document.images.length;
}"""


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices, clock: StoppedClock) -> AsyncIterator[Site]:
    """Serve the console of a shop that has been open for a year and a half."""
    warehouse, chance = Warehouse(desk.settings.data_dir), np.random.default_rng(7)
    shift = clock().replace(tzinfo=None) - person(0)["created_at"] - 531 * DAY
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(number) for number in range(_PEOPLE)])
        for number in range(_PEOPLE):
            bought = orders(number, chance)
            put(engine, "purchase", [o | {"placed_at": o["placed_at"] + shift} for o in bought])
    assert score_everybody(warehouse, clock()).left_out == {}
    async with served(desk, services) as running:
        yield running


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
async def test_the_dashboard_can_be_used_by_everybody(site: Site, language: str) -> None:
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce", locale=language)
    await page.goto(f"{site.base}/console/insight")
    await page.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true })"
    )
    assert await page.evaluate(_LOADED) > 15
    found: dict[str, object] = {}
    for scheme, rules in _RULES.items():
        await page.emulate_media(color_scheme=scheme)
        result = await Axe().run(page, options=rules)
        for wrong in result.response["violations"]:
            where = [node["html"][:160] for node in wrong["nodes"][:3]]
            found[f"{scheme} {wrong['id']}"] = where
    await page.set_viewport_size(_PHONE)
    over = await page.evaluate(_WIDE)
    assert (found, over <= 0) == ({}, True)
    assert "nan" not in (await page.inner_text("body")).lower().split()
