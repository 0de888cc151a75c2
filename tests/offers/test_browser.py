"""The pages of offers in a real browser: written by hand, usable by everybody, in both looks and on a phone."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

from app.wiring import Desk
from console.services import ConsoleServices
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.console.conftest import access, services
from tests.offers.conftest import House

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console with offers."""
    async with served(desk, replace(services, offers=desk.offers.offers)) as running:
        yield running


async def _look(page: Page, name: str, found: dict[str, object]) -> None:
    """Note what is wrong with the page as it is."""
    for scheme, rules in _RULES.items():
        await page.emulate_media(color_scheme=scheme)
        result = await Axe().run(page, options=rules)
        for wrong in result.response["violations"]:
            where = [node["html"][:160] for node in wrong["nodes"][:3]]
            found[f"{name} {scheme} {wrong['id']}"] = where
    size = page.viewport_size
    await _shot(page, name)
    await page.set_viewport_size(_PHONE)
    if (over := await page.evaluate(_WIDE)) > 0:
        found[f"{name} phone"] = over
    await _shot(page, f"{name}-phone")
    await page.set_viewport_size(size)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="light")


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("OFFER_PICTURES"):
        await page.screenshot(path=f"{folder}/offers-{name}.png", full_page=True)


async def test_an_offer_is_written_by_hand(site: Site, house: House, desk: Desk) -> None:
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce")
    found: dict[str, object] = {}
    await page.goto(f"{site.base}/console/offers")
    await _look(page, "empty", found)
    await page.get_by_role("link", name="New offer").click()
    await page.get_by_label("Code").fill("tea")
    for label, text in (
        ("Name in English", "Tea for two"),
        ("Name in Chinese", "双人茶礼"),
        ("Text in English", "A glass teapot with two cups, 15% off."),
        ("Text in Chinese", "玻璃茶壶配两只茶杯，立减 15%。"),
        ("SKU of the product", "tea-cup"),
    ):
        await page.get_by_label(label).fill(text)
    await page.get_by_label("Shown at most").fill("500")
    await page.get_by_label("Begins (UTC)").fill("2026-03-01T09:00")
    await _look(page, "form", found)
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/console/offers/*?said=saved")
    (shown,) = await house.recommender.answer(conversation_id="t0", customer_id="0", key="m1")
    await house.recommender.answer(conversation_id="tv", customer_id=None, key="m2")
    await desk.offers.offers.clicked(shown.shown_id or 0, conversation_id="t0")
    await page.reload()
    assert "would click" in await page.locator("main").inner_text()
    await _look(page, "one", found)
    await page.get_by_role("button", name="Stop").click()
    await page.get_by_text("nobody is shown it").wait_for()
    await page.goto(f"{site.base}/console/offers")
    await _look(page, "list", found)
    assert "stopped" in await page.locator("main").inner_text()
    assert found == {}
