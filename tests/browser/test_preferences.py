"""The page on which customers choose what they get: for everybody, in both looks and languages, without scripts."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect

from app.wiring import Desk
from console.services import ConsoleServices
from desk.contacts.unsubscribe_links import Recipient
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.console.conftest import access, services
from tests.console.test_unsubscribe import agrees

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console and the page."""
    async with served(desk, services, *desk.opting.routes()) as running:
        yield running


async def _address(site: Site, desk: Desk) -> str:
    """Return where the link in a mail leads."""
    recipient = Recipient(contact_id=await agrees(desk), channel="email")
    return f"{site.base}/u/{desk.opting.links.token(recipient)}"


async def test_somebody_chooses_stops_everything_and_takes_it_back(site: Site, desk: Desk) -> None:
    page = await (await site.context(java_script_enabled=False)).new_page()
    await page.goto(await _address(site, desk))
    await page.get_by_label("Newsletter").uncheck()
    await page.get_by_label("Telegram").uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Your choice is saved.")
    await page.get_by_role("button", name="Unsubscribe from everything").click()
    await expect(page.locator("input[type=checkbox]:checked")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status")).to_have_text("Everything is as it was before.")
    await expect(page.get_by_label("Offers")).to_be_checked()
    await expect(page.get_by_label("Telegram")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_used_by_everybody(site: Site, desk: Desk, scheme: str) -> None:
    address = await _address(site, desk)
    page = await (await site.context(color_scheme=scheme, reduced_motion="reduce")).new_page()
    found: dict[str, object] = {}
    for path in (f"{address}?language=en", f"{address}?language=zh", f"{site.base}/u/x"):
        await page.goto(path)
        if path.startswith(address):
            await page.locator("button[value=all]").click()
        result = await Axe().run(page, options=_RULES["dark" if scheme == "dark" else "light"])
        for wrong in result.response["violations"]:
            found[f"{path} {wrong['id']}"] = [node["html"][:160] for node in wrong["nodes"][:3]]
        await page.set_viewport_size(_PHONE)
        if (over := await page.evaluate(_WIDE)) > 0:
            found[f"{path} phone"] = over
    assert found == {}
