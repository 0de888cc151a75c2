"""The pages in a real browser: what they do by themselves."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Page, async_playwright, expect

from app import serve, web
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.routes import routes
from console.services import ConsoleServices
from desk.clock import StoppedClock
from tests.console.conftest import CONSOLE_TOKEN
from tests.talk import conversation, says, settle

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Pages look for news every three seconds; a browser whose clock runs ten times as fast has them sooner.
HASTE = (
    "{ const later = setTimeout; window.setTimeout = (work, pause) => later(work, pause / 10); }"
)


@pytest.fixture
async def address(desk: Desk, services: ConsoleServices) -> AsyncIterator[str]:
    """Serve the console on a free port."""
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(web.build(desk, *routes(services)))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await running


@pytest.fixture
async def page(address: str) -> AsyncIterator[Page]:
    """Return a page of an agent who came by the link; a page with errors fails."""
    chromium = shutil.which("chromium")
    assert chromium, "this test needs Chromium: apt-get install chromium"
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(locale="en-GB", viewport={"width": 1360, "height": 860})
        await page.add_init_script(HASTE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        await page.goto(f"{address}/console?key={CONSOLE_TOKEN}")
        await page.fill("[name=agent]", "Mo")
        await page.click("button.primary")
        await expect(page).to_have_url(f"{address}/console")
        yield page
        await browser.close()
    assert wrong == []


async def test_an_agent_answers_without_reloading(
    page: Page, address: str, desk: Desk, memory: MemoryChannel, clock: StoppedClock
) -> None:
    await expect(page.get_by_text("No conversations yet")).to_be_visible()
    await says(desk, "human", sender_name="A. Customer")
    await expect(page.locator("#group-waiting .line-name")).to_have_text("A. Customer")
    await expect(page).to_have_title("(1) Inbox · Frontdesk")
    await page.click("#group-waiting a")
    await page.click("text=Take over")
    await page.fill("#text", "Half a sent")
    clock.advance(timedelta(minutes=1))
    await says(desk, "are you there? <b>hello</b>")
    # In the thread: the list may show it a moment earlier, and who answers before it is there is asked to look first.
    heard = page.locator(".said .words", has_text="are you there? <b>hello</b>")
    await expect(heard).to_be_visible()
    await expect(page.locator("#text")).to_have_value("Half a sent")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("ence")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".said.agent .words")).to_have_text("Half a sentence")
    await settle(desk)
    assert memory.sent[-1].text == "Half a sentence"


async def test_words_survive_when_the_conversation_changes_hands(page: Page, desk: Desk) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Mo")
    await page.goto(f"{page.url}/conversations/{talk.id}")
    await page.fill("#text", "Not sent yet")
    await desk.handoff.release(talk.id, agent="Mo")
    await desk.handoff.take_over(talk.id, agent="Kit")
    await expect(page.locator(".hint")).to_contain_text("Kit has this conversation")
    await expect(page.locator("#text")).to_have_value("Not sent yet")
    await expect(page.locator("[name=mode]")).to_have_value("note")
    await page.wait_for_timeout(200)
    await desk.handoff.resolve(talk.id, agent="Kit")
    await expect(page.get_by_text("Reopen and take over")).to_be_visible()
