"""A customer on the page and an agent in the console, both in the browser."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page

from tests.browser.conftest import NewContext, Visit
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]

_WIDE = "() => document.documentElement.scrollWidth - innerWidth"


async def _sign_in(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_label("Your name").fill("Kim")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("heading", name="Inbox").wait_for()


async def test_an_agent_finds_answers_and_resolves_and_the_customer_rates(
    visit: Visit, new_context: NewContext, running: RunningDesk, stored: Stored
) -> None:
    chat = await visit()
    await chat.open()
    word = uuid4().hex[:10]
    await chat.says(f"Can I talk to a person about {word}?")

    desk = await (await new_context()).new_page()
    await _sign_in(desk, running.console_url)
    await desk.keyboard.press("/")
    await desk.keyboard.type(word)
    await desk.keyboard.press("Enter")
    await desk.locator("mark", has_text=word).click()
    await desk.get_by_role("button", name=re.compile("Take over")).click()
    await desk.get_by_label("Reply to the customer").fill("Here I am.")
    await desk.get_by_role("button", name="Send reply").click()
    await chat.until(lambda: chat.part(".agent").count(), "the agent's answer")
    await desk.get_by_role("button", name="Resolve").click()

    # The question how it went comes with its five buttons, though nobody in particular asks it.
    await chat.until(lambda: chat.part(".asks .chip").count(), "the question how it went")
    assert await chat.part(".asks .chip").all_inner_texts() == list("12345")
    assert "closed" in (await chat.transcript())[-1][1]
    await chat.presses("4")
    assert await chat.part(".asks .chip:disabled").count() == 5
    (rating,) = stored.feedback(await chat.visitor())
    assert rating["score"] == 4


async def test_the_console_fits_a_phone(new_context: NewContext, running: RunningDesk) -> None:
    context = await new_context(viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await _sign_in(page, running.console_url)
    for path in ("", "/tickets", "/overview", "/search", "/search?q=lamp"):
        await page.goto(f"{running.base}/console{path}")
        assert await page.evaluate(_WIDE) <= 0, path
    await page.get_by_role("link", name="Search").click()
    await page.get_by_role("heading", name="Search").wait_for()
