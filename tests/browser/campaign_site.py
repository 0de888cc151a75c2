"""The console with campaigns for a real browser, and what is looked for on each of its pages."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

from app.served import console_services
from app.wiring import Desk
from console.services import ConsoleServices
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _DESKTOP, _PHONE, _RULES, _WIDE


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console with campaigns."""
    pages = console_services(desk).campaigns
    async with served(desk, replace(services, campaigns=pages)) as running:
        yield running


async def look(page: Page, name: str, found: dict[str, object]) -> None:
    """Note what is wrong with a page as it is, in both looks and on a phone."""
    for scheme, rules in _RULES.items():
        await page.emulate_media(color_scheme=scheme)
        result = await Axe().run(page, options=rules)
        for wrong in result.response["violations"]:
            where = [node["html"][:160] for node in wrong["nodes"][:3]]
            found[f"{name} {scheme} {wrong['id']}"] = where
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(_PHONE)
    if (over := await page.evaluate(_WIDE)) > 0:
        found[f"{name} phone"] = over
    await page.set_viewport_size(_DESKTOP)
