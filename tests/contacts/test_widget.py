"""The widget's menu for going on elsewhere, in a real Chromium, before a desk with a twin for the assistant."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright, expect

from app import web
from app.serve import listen
from app.wiring import Desk
from desk.contacts.links import ContactLinks
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import MessageRow
from tests.commands.conftest import SQLITE_ONLY
from tests.conftest import SECRET
from tests.contacts.offered import Linked, offers
from tests.talk import inbound, rows

pytestmark = [pytest.mark.browser, SQLITE_ONLY]

_EMPTY: dict[str, Any] = {}
_TELEGRAM: dict[str, Any] = {"telegram": Linked("telegram")}


async def _serve(stack: AsyncExitStack, app: Any, *loops: Any) -> str:
    socket = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    tasks = [asyncio.create_task(loop()) for loop in loops]
    serving = asyncio.create_task(server.serve([socket]))

    async def stop() -> None:
        server.should_exit = server.force_exit = True
        await serving
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        socket.close()

    stack.push_async_callback(stop)
    return f"http://127.0.0.1:{socket.getsockname()[1]}/"


@pytest.fixture
async def page(desk: Desk, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """Return the demo shop's page; ``request.param`` is (channels, whether there is e-mail)."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("these tests need Chromium; install it with: apt-get install -y chromium")
    channels, email = request.param
    links = ContactLinks(SECRET, desk.clock)
    made = offers(desk, links, channels, email=email)
    app = web.build(replace(desk, links=made))
    async with AsyncExitStack() as stack:
        url = await _serve(stack, app, desk.acceptor.run, desk.router.run)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        page = await browser.new_page(locale="en-US")
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        await page.goto(url)
        stack.callback(desk.chat.stop)
        yield page
        assert trouble == []


async def _write(page: Page, text: str = "hello") -> None:
    await page.locator(".launcher").click()
    await page.locator("frontdesk-chat textarea").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator(".bot .bubble").first).to_be_visible()


@pytest.mark.parametrize("page", [(_EMPTY, False)], indirect=True)
async def test_without_links_there_is_no_menu(page: Page) -> None:
    async with page.expect_response("**/chat/v1/links") as asked:
        await _write(page)
    assert (await (await asked.value).json()) == {"links": [], "email": False}
    await expect(page.locator("frontdesk-chat .more")).to_be_hidden()


@pytest.mark.parametrize("page", [(_TELEGRAM, False)], indirect=True)
async def test_the_menu_by_keyboard_in_both_languages(page: Page, desk: Desk) -> None:
    await _write(page)
    more, link = page.locator("frontdesk-chat .more"), page.locator("frontdesk-chat .menu a")
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(link).to_have_text("Continue on Telegram")
    await expect(link).to_be_focused()
    await expect(more).to_have_attribute("aria-expanded", "true")
    first = await link.get_attribute("href")
    await page.keyboard.press("Escape")
    await expect(page.locator("frontdesk-chat .menu")).to_be_hidden()
    await expect(more).to_be_focused()
    await page.locator("frontdesk-chat .swap").click()
    await more.click()
    await expect(link).to_have_text("在 Telegram 上继续")
    second = await link.get_attribute("href")
    assert first != second, "each opening has a link that nobody has used"
    await page.locator("frontdesk-chat textarea").click()
    await expect(page.locator("frontdesk-chat .menu")).to_be_hidden()
    token = re.search(r"start=([\w-]+)$", str(second))
    assert token is not None
    async with desk.database.write() as session:
        message = inbound("/start", "77", channel="telegram", link=token[1])
        assert await ContactLinks(SECRET, desk.clock).join(session, message, desk.clock())
    assert len({row.contact_id for row in await rows(desk, ContactIdentityRow)}) == 1


@pytest.mark.parametrize("page", [(_TELEGRAM, True)], indirect=True)
async def test_an_address_is_proved_in_the_menu(page: Page, desk: Desk) -> None:
    await _write(page)
    await page.locator("frontdesk-chat .more").click()
    await page.get_by_role("button", name="Continue by e-mail").click()
    field = page.locator("frontdesk-chat .menu input")
    await expect(field).to_be_focused()
    await field.fill("ada@example.com")
    await page.keyboard.press("Enter")
    await expect(page.locator("frontdesk-chat .menu [role=status]")).to_contain_text(
        "ada@example.com"
    )
    await field.fill("no")
    await page.keyboard.press("Enter")
    await expect(page.locator("frontdesk-chat .menu [role=alert]")).to_contain_text("not the code")
    mails = [row.text for row in await rows(desk, MessageRow) if row.author == "system"]
    await field.fill(re.findall(r"\d{6}", mails[0])[0])
    await page.keyboard.press("Enter")
    await expect(page.locator("frontdesk-chat .menu [role=status]")).to_contain_text("Done")
    handles = await rows(desk, ContactIdentityRow)
    assert {row.channel for row in handles} == {"webchat", "email"}
    assert len({row.contact_id for row in handles}) == 1
