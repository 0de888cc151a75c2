"""Writing a campaign in a real browser: usable by everybody, in both looks and on a phone, seen while it is typed."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

from app.served import console_services
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.pages.campaigns_compose_form import read
from console.services import ConsoleServices
from tests.browser.console_site import Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.campaigns.compose import TEXT_EN, TEXT_ZH, filled, tea_drinkers
from tests.campaigns.people import contact
from tests.campaigns.people import say as withdraw
from tests.console.conftest import access, services

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser


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


async def _look(page: Page, name: str, found: dict[str, object]) -> None:
    """Note what is wrong with the page as it is."""
    for scheme, rules in _RULES.items():
        await page.emulate_media(color_scheme=scheme)
        result = await Axe().run(page, options=rules)
        for wrong in result.response["violations"]:
            where = [node["html"][:160] for node in wrong["nodes"][:3]]
            found[f"{name} {scheme} {wrong['id']}"] = where
    await page.emulate_media(color_scheme="light")
    await _shot(page, name)
    size = page.viewport_size
    await page.set_viewport_size(_PHONE)
    if (over := await page.evaluate(_WIDE)) > 0:
        found[f"{name} phone"] = over
    await _shot(page, f"{name}-phone")
    await page.set_viewport_size(size)  # type: ignore[arg-type]


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("CAMPAIGN_PICTURES"):
        await page.screenshot(path=f"{folder}/compose-{name}.png", full_page=True)


async def test_a_campaign_is_written_by_hand(site: Site, desk: Desk) -> None:
    await tea_drinkers(desk.database)
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce")
    found: dict[str, object] = {}
    await page.goto(f"{site.base}/console/campaigns/new")
    await page.get_by_label("Name", exact=True).fill("Spring tea")
    await page.get_by_label("Segment").select_option(label="Tea drinkers (6)")
    await page.get_by_label("Choice 1").select_option("memory")
    await page.get_by_label("Text").nth(0).fill(TEXT_EN)
    # It is seen while it is written, though its time is not chosen yet.
    await page.get_by_text("Hi C. 1, tea is half the price").first.wait_for()
    await page.get_by_label("Text").nth(1).fill(TEXT_ZH)
    await page.get_by_text("陈女士，本周日前茶叶半价").first.wait_for()
    await page.get_by_role("button", name="Add a variant").click()
    await page.get_by_label("Words on button 1").first.fill("Look at it")
    await page.get_by_label("Link or answer of button 1").first.fill("https://")
    assert not await page.get_by_label("How often").is_visible()
    await page.get_by_text("Again and again").click()
    assert await page.get_by_label("How often").is_visible()
    await page.get_by_label("Time zone", exact=True).fill("Asia/Shanghai")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Look again at what is marked (1)").wait_for()
    await _look(page, "wrong", found)
    await page.get_by_label("Link or answer of button 1").first.fill(
        "https://shop.example.com/tea"
    )
    await page.get_by_role("button", name="See how it reads").last.click()
    await page.get_by_text("Look at it").first.wait_for()
    await page.get_by_text("Sequence").click()
    await page.get_by_role("button", name="Add a step").click()
    await page.get_by_text("Step 2", exact=True).first.wait_for()
    await _look(page, "steps", found)
    for number in (2, 1):
        await page.get_by_role("button", name=f"Take step {number} away").click()
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/console/campaigns/*?said=saved")
    (one,) = await desk.campaigns.campaigns.list()
    assert [variant.name for variant in one.plan.variants] == ["a", "b"]
    assert found == {}


async def test_a_campaign_is_tried_in_both_languages(
    site: Site, desk: Desk, memory: MemoryChannel
) -> None:
    segment = await tea_drinkers(desk.database)
    await withdraw(desk.database, contact(5), granted=False, key="no")
    form = filled(segment, v1__en__text="Hi {name}, {city}!!! http://shop.example.com/tea")
    plan = read(form).plan
    assert plan is not None
    one = await desk.campaigns.campaigns.create("Spring tea", plan, by="Mo")
    found: dict[str, object] = {}
    for locale in ("en-GB", "zh-CN"):
        page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce", locale=locale)
        for name in ("edit", "preview", "test"):
            await page.goto(f"{site.base}/console/campaigns/{one.id}/{name}")
            await page.wait_for_load_state("networkidle")
            await _look(page, f"{name}-{locale}", found)
        await page.locator("select[name=channel]").select_option("memory")
        await page.fill("[name=to]", "u1")
        await page.locator("main form button").click()
        await page.locator("button[name=sure]").wait_for()
        await _look(page, f"sure-{locale}", found)
        await page.locator("button[name=sure]").click()
        await page.wait_for_url("**/test?said=sent")
    assert [sent.recipient for sent in memory.sent] == ["u1", "u1"]
    assert found == {}
