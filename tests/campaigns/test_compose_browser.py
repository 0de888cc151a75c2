"""Writing a campaign in a real browser: usable by everybody, in both looks and on a phone, seen while it is typed."""

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.pages.campaigns_compose_form import read
from tests.browser.campaign_site import database_url, look, site
from tests.browser.console_site import Site
from tests.campaigns.compose import TEXT_EN, TEXT_ZH, filled, tea_drinkers
from tests.campaigns.people import contact
from tests.campaigns.people import say as withdraw
from tests.console.conftest import access, services

__all__ = ["access", "database_url", "services", "site"]
pytestmark = pytest.mark.browser


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
    await look(page, "wrong", found)
    await page.get_by_label("Link or answer of button 1").first.fill(
        "https://shop.example.com/tea"
    )
    await page.get_by_role("button", name="See how it reads").last.click()
    await page.get_by_text("Look at it").first.wait_for()
    await page.get_by_text("Sequence").click()
    await page.get_by_role("button", name="Add a step").click()
    await page.get_by_text("Step 2", exact=True).first.wait_for()
    await look(page, "steps", found)
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
            await look(page, f"{name}-{locale}", found)
        await page.locator("select[name=channel]").select_option("memory")
        await page.fill("[name=to]", "u1")
        await page.locator("main form button").click()
        await page.locator("button[name=sure]").wait_for()
        await look(page, f"sure-{locale}", found)
        await page.locator("button[name=sure]").click()
        await page.wait_for_url("**/test?said=sent")
    assert [sent.recipient for sent in memory.sent] == ["u1", "u1"]
    assert found == {}
