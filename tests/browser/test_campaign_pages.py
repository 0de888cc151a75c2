"""The pages on which campaigns are watched: usable by everybody, also on a phone, and up to date by themselves."""

import pytest
from playwright.async_api import expect
from sqlalchemy import select, update

from app.wiring import Desk
from desk import events
from desk.events import Event
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, RecipientState
from tests.browser.campaign_site import database_url, look, site
from tests.browser.console_site import Site
from tests.browser.test_console_axe import _LONG
from tests.campaigns.results_world import World, spring
from tests.console.campaigns import a_run, planned
from tests.console.conftest import access, services

__all__ = ["access", "database_url", "services", "site"]
pytestmark = pytest.mark.browser
_LOADED = """async () => {
  for (const image of document.images) image.loading = "eager";
  for (const one of document.querySelectorAll("details:not(.menu, .me)")) one.open = true;
  await Promise.all([...document.images].map((image) => image.decode()));
  return document.images.length;
}"""
_STATES: dict[tuple[str, str | None], int] = {
    ("queued", None): 30,
    ("sent", None): 40,
    ("read", None): 20,
    ("failed", f"Forbidden: {_LONG}"): 5,
    ("unknown", None): 2,
    ("skipped", "no_consent"): 3,
    ("holdout", None): 10,
}


async def _running(desk: Desk, name: str) -> tuple[int, int]:
    """Add a campaign in the middle of its run, after two that have been sent; return its id and its run's."""
    world = World(3, 60)
    world.fill([spring(), spring(holdout=0.2)])
    await world.write(desk.database)
    made = await desk.campaigns.campaigns.create(name, planned(1, holdout=0.1), by="Kit")
    return made.id, await a_run(desk.database, made.id, _STATES)


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
async def test_every_page_can_be_used_by_everybody(site: Site, desk: Desk, language: str) -> None:
    number, run = await _running(desk, _LONG[:100])
    draft = await desk.campaigns.campaigns.create("Draft", planned(1), by="Kit")
    people = f"/{number}/people?run={run}&state"
    found: dict[str, object] = {}
    charts = 0
    page = await site.agent("Mo", color_scheme="light", reduced_motion="reduce", locale=language)
    for address in (
        "",
        "?state=cancelled",
        "/calendar?month=2026-03",
        "/compare?id=1&id=2",
        "/1",
        "/1/results",
        f"/{number}",
        f"{people}=failed",
        f"{people}=unknown",
        f"{people}=skipped&reason=no_consent",
        f"/{number}/cancel",
        f"/{draft.id}",
        f"/{draft.id}/launch",
        f"/{draft.id}/results",
    ):
        await page.goto(f"{site.base}/console/campaigns{address}")
        charts += await page.evaluate(_LOADED)
        await look(page, address, found)
        assert "None" not in await page.inner_text("main")
    assert found == {}
    assert charts > 10


async def test_a_page_shows_how_far_it_is_and_is_told_to_wait(site: Site, desk: Desk) -> None:
    number, run = await _running(desk, "Spring")
    page = await site.agent("Mo")
    await page.goto(f"{site.base}/console/campaigns/{number}")
    await expect(page.get_by_text("80 of 110 done")).to_be_visible()
    await page.evaluate("() => { window.stayed = true }")
    async with desk.database.write() as session:
        some = select(CampaignRecipientRow.id).filter_by(run_id=run, state=RecipientState.QUEUED)
        await session.execute(
            update(CampaignRecipientRow)
            .where(CampaignRecipientRow.id.in_(some.limit(20)))
            .values(state=RecipientState.SENT)
        )
        events.append(session, Event(name="campaign.sent", occurred_at=desk.clock()))
    await expect(page.get_by_text("100 of 110 done")).to_be_visible()
    await page.click("summary:has-text('Pause')")
    await page.fill("[name=reason]", "a typo")
    await page.click(".menu-list .primary")
    await expect(page.get_by_text("It stands still: a typo")).to_be_visible()
    await expect(page.locator(".done")).to_contain_text("Paused")
    await page.click("text=Go on")
    await expect(page.locator(".page-head .pill")).to_have_text("running")
    assert await page.evaluate("() => window.stayed")
    async with desk.database.read() as session:
        row = await session.get_one(CampaignRow, number)
    assert (row.state, row.reason) == ("running", None)


async def test_without_scripts_a_campaign_is_launched_paused_and_cancelled(
    site: Site, desk: Desk
) -> None:
    world = World(3, 20)
    world.fill([spring()])
    await world.write(desk.database)
    made = await desk.campaigns.campaigns.create("Tea", planned(1), by="Kit")
    with_scripts = await site.agent("Mo")
    context = await site.context(java_script_enabled=False)
    await context.add_cookies(await with_scripts.context.cookies())  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"{site.base}/console/campaigns/{made.id}")
    await page.click("text=Launch")
    await page.click("text=Launch it")
    await expect(page.get_by_text("It goes out at its time")).to_be_visible()
    await page.click("summary:has-text('Pause')")
    await page.click(".menu-list .primary")
    await expect(page.locator(".page-head .pill")).to_have_text("paused")
    await page.click("text=Cancel")
    await page.click("text=Cancel it for good")
    await expect(page.locator(".page-head .pill")).to_have_text("cancelled")
