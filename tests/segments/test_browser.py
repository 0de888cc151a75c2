"""The pages of segments in a real browser: built by hand, usable by everybody, in both looks and on a phone."""

import os
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from ibis.backends import BaseBackend
from playwright.async_api import Page

from app import insight_desk
from app.wiring import Desk
from console.services import ConsoleServices
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.console.conftest import access, services
from tests.segments.people import fill, world

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
def insight(desk: Desk, engine: BaseBackend) -> insight_desk.InsightDesk:
    """Return segments over a small world."""
    fill(engine, world(1))
    return insight_desk.build(lambda: nullcontext(engine), desk.database, desk.clock)


@pytest.fixture
async def site(
    desk: Desk, services: ConsoleServices, insight: insight_desk.InsightDesk
) -> AsyncIterator[Site]:
    """Serve the console with segments."""
    async with served(desk, replace(services, segments=insight.segments)) as running:
        yield running


async def _look(page: Page, name: str, found: dict[str, object]) -> None:
    """Note what is wrong with the page as it is."""
    await _shot(page, name)
    for scheme, rules in _RULES.items():
        await page.emulate_media(color_scheme=scheme)
        result = await Axe().run(page, options=rules)
        for wrong in result.response["violations"]:
            where = [node["html"][:160] for node in wrong["nodes"][:3]]
            found[f"{name} {scheme} {wrong['id']}"] = where
    size = page.viewport_size
    await page.set_viewport_size(_PHONE)
    if (over := await page.evaluate(_WIDE)) > 0:
        found[f"{name} phone"] = over
    await _shot(page, f"{name}-phone")
    await page.set_viewport_size(size)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="light")


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SEGMENT_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def test_a_segment_is_built_by_hand(site: Site, insight: insight_desk.InsightDesk) -> None:
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce")
    found: dict[str, object] = {}
    await page.goto(f"{site.base}/console/segments")
    await _look(page, "empty", found)
    await page.get_by_role("link", name="New segment").click()
    await page.get_by_label("Name", exact=True).fill("Germans, or buyers")
    await page.get_by_text("Add a condition", exact=True).click()
    await page.get_by_role("button", name="Who they are").click()
    await page.get_by_label("Value").fill("DE")
    await page.get_by_role("button", name="Keep condition").click()
    await page.get_by_role("button", name="Add a group").click()
    await page.get_by_text("Add a condition", exact=True).first.click()
    await page.get_by_role("button", name="What they bought").first.click()
    await _look(page, "builder", found)
    await page.get_by_label("In the last days").fill("90")
    # What is open is kept by the other buttons, too.
    await page.get_by_role("button", name="Preview").last.click()
    await _look(page, "preview", found)
    assert "of 40 people" in await page.locator("#found").inner_text()
    await page.get_by_role("button", name="Save").last.click()
    await page.wait_for_url("**/console/segments/*?said=saved")
    (made,) = await insight.segments.list()
    await insight.segments.refresh(made.id)
    await page.reload()
    await _look(page, "segment", found)
    await page.goto(f"{site.base}/console/segments")
    await _look(page, "list", found)
    assert found == {}
    assert made.rule["where"] == {
        "all": [
            {"kind": "person", "field": "country", "op": "is", "value": "DE"},
            {"any": [{"kind": "purchase", "window": {"days": 90}}]},
        ]
    }
