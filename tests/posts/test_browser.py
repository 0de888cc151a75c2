"""The pages of posts in a real browser: written and approved by hand, usable by everybody, also on a phone."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

from app.wiring import Desk
from console.post_services import PostServices
from console.services import ConsoleServices
from desk.clock import StoppedClock
from desk.tables.post import PostMetricRow, PostRow, PostSlotRow, PostState
from tests.browser.console_site import PIXEL, Site, served
from tests.browser.test_console_axe import _PHONE, _RULES, _WIDE
from tests.conftest import NOON
from tests.console.conftest import access, services

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages look like does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console with posts."""
    pages = PostServices(posts=desk.posts.posts, week=desk.posts.week)
    async with served(desk, replace(services, posts=pages)) as running:
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
    await page.emulate_media(color_scheme="light")
    await _shot(page, name)
    await page.set_viewport_size(_PHONE)
    if (over := await page.evaluate(_WIDE)) > 0:
        found[f"{name} phone"] = over
    await _shot(page, f"{name}-phone")
    await page.set_viewport_size(size)  # type: ignore[arg-type]


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("POST_PICTURES"):
        await page.screenshot(path=f"{folder}/posts-{name}.png", full_page=True)


async def _history(desk: Desk) -> None:
    """Let there be half a year of posts, of which those at noon did better, and one of each other end."""
    by = {"created_at": NOON, "created_by": "Ada", "updated_at": NOON, "updated_by": "Ada"}
    place = {"channel": "memory", "account": "a", "edition": 1, "attempts": 0}
    rows = []
    for number in range(36):
        at = NOON - timedelta(days=7 * (number % 18) + 1, hours=number % 3)
        rows.append(
            PostRow(
                text=f"Tea of the day, number {number}",
                state=PostState.PUBLISHED,
                due_at=at,
                published_at=at,
                approved_by="Ben",
                external_id=str(number),
                url=f"https://memory.example.com/{number}",
                **place,
                **by,
            )
        )
    rows.append(
        PostRow(
            text="Sale" * 40,
            state=PostState.UNKNOWN,
            reason="crashed",
            due_at=NOON,
            approved_by="Ben",
            **place,
            **by,
        )
    )
    rows.append(
        PostRow(
            text="Our tea shop is open on Sunday",
            state=PostState.FAILED,
            reason="X does not take the same words twice (403): change them",
            due_at=NOON,
            **place,
            **by,
        )
    )
    async with desk.database.write() as session:
        session.add_all(rows)
        await session.flush()
        for number, row in enumerate(rows[:36]):
            likes = 90 + number if number % 3 == 0 else 10 + number % 5
            for hours in (1, 24, 168):
                session.add(
                    PostMetricRow(
                        post_id=row.id,
                        hours=hours,
                        measured_at=NOON,
                        likes=likes,
                        reposts=number % 4,
                        replies=1,
                        quotes=0,
                        bookmarks=2,
                        views=likes * 70,
                        clicks=None,
                    )
                )
        for day in range(5):
            slot = PostSlotRow(channel="memory", account="a", weekday=day, minute=570 + 30 * day)
            session.add(slot)


async def test_a_post_is_written_and_approved_by_hand(
    site: Site, desk: Desk, clock: StoppedClock, tmp_path: Path
) -> None:
    ada = await site.agent("Ada", color_scheme="light", reduced_motion="reduce")
    ben = await site.agent("Ben", color_scheme="light", reduced_motion="reduce")
    found: dict[str, object] = {}
    await ada.goto(f"{site.base}/console/posts?show=drafts")
    await _look(ada, "empty", found)
    await _history(desk)
    await ada.get_by_role("link", name="New post").click()
    await ada.get_by_label("Text").fill("Our teapots are back, in blue and in green.")
    await ada.get_by_label("Link").fill("https://shop.example.com/teapots")
    picture = tmp_path / "pot.png"
    picture.write_bytes(PIXEL)
    await ada.get_by_label("Image").set_input_files(picture)
    await _look(ada, "form", found)
    await ada.get_by_role("button", name="Save").click()
    await ada.wait_for_url("**/console/posts/*?said=saved")
    await ada.get_by_role("button", name="Next free slot").click()
    await ada.get_by_text("The time is noted").wait_for()
    await _look(ada, "own", found)
    here = ada.url.partition("?")[0]
    await ben.goto(here)
    await _look(ben, "to-approve", found)
    await ben.get_by_role("button", name="Approve").click()
    await ben.get_by_text("Approved.").wait_for()
    assert "scheduled" in await ben.locator(".page-head .pill").inner_text()
    await _look(ben, "scheduled", found)
    for address, name in (
        ("", "calendar"),
        ("?show=published", "published"),
        ("?show=attention", "attention"),
        ("?show=queue", "queue"),
        ("/week", "week"),
        ("/1", "one"),
        ("/37", "unknown"),
    ):
        await ben.goto(f"{site.base}/console/posts{address}")
        await _look(ben, name, found)
    await ben.get_by_label("Address of the post").fill("https://memory.example.com/seen")
    await ben.get_by_role("button", name="It is there", exact=True).click()
    await ben.get_by_text("Thank you, noted.").wait_for()
    await ben.goto(f"{site.base}/console/posts/week")
    assert "Estimated from 36 posts" in await ben.locator("main").inner_text()
    assert found == {}
