"""Every page of the console, in both looks: no violation of WCAG A and AA, and no sideways scrolling on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import ViewportSize

from app.wiring import Desk
from console.services import ConsoleServices
from desk.clock import StoppedClock
from tests.browser.console_site import Site, furnish, served
from tests.console.conftest import access, services

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RULES: dict[Literal["light", "dark"], dict[str, object]] = {
    "light": {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]},
    # Of all rules only this one has to do with colours; the others were asked in the light.
    "dark": {
        "runOnly": {"type": "rule", "values": ["color-contrast"]},
        "resultTypes": ["violations"],
    },
}
_WIDE = """() => Math.max(
  document.documentElement.scrollWidth - innerWidth,
  Math.round(document.querySelector(".foot")?.getBoundingClientRect().bottom ?? 0) - innerHeight
)"""
_PHONE: ViewportSize = {"width": 390, "height": 844}
_DESKTOP: ViewportSize = {"width": 1280, "height": 860}
_LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console."""
    async with served(desk, services) as running:
        yield running


async def test_every_page_can_be_used_by_everybody(
    site: Site, desk: Desk, clock: StoppedClock
) -> None:
    # Without motion a colour is what it is at once.
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce")
    axe = Axe()
    addresses = await site.pages(page, await furnish(desk, clock, named=_LONG))
    found: dict[str, object] = {}
    for address in addresses:
        await page.goto(f"{site.base}{address}")
        for scheme, rules in _RULES.items():
            await page.emulate_media(color_scheme=scheme)
            result = await axe.run(page, options=rules)
            for wrong in result.response["violations"]:
                where = [node["html"][:160] for node in wrong["nodes"][:3]]
                found[f"{address} {scheme} {wrong['id']}"] = where
        await page.set_viewport_size(_PHONE)
        over = await page.evaluate(_WIDE)
        if over > 0:
            found[f"{address} phone"] = over
        await page.set_viewport_size(_DESKTOP)
        await page.emulate_media(color_scheme="light")
    assert len(addresses) > 20
    wanted = {f"/console/{name}" for name in ("reports", "webhooks", "insight", "segments")}
    wanted |= {f"/console/campaigns{rest}" for rest in ("", "/calendar", "/compare")}
    assert wanted <= set(addresses)
    assert found == {}


async def test_the_door_can_be_used_by_everybody(site: Site) -> None:
    for scheme in ("light", "dark"):
        page = await (await site.context(color_scheme=scheme)).new_page()
        await page.goto(f"{site.base}/console/sign-in")
        result = await Axe().run(page, options=_RULES[scheme])
        assert [one["id"] for one in result.response["violations"]] == []


async def test_the_look_that_was_chosen_stays(site: Site) -> None:
    page = await site.agent("Mo", color_scheme="light")
    background = "() => getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    await page.click(".me summary")
    await page.click(".me button[value=dark]")
    dark = await page.evaluate(background)
    assert dark != light
    await page.goto(f"{site.base}/console/tickets")
    assert await page.evaluate(background) == dark
