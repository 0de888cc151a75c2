"""A real Chromium, and tabs that report every error at the end of their test."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.browser.chat_page import ChatPage
from tests.running import RunningDesk
from tests.stored import Stored

INSTALL = "these tests need Chromium; install it with: apt-get install -y chromium"
DESKTOP = {"width": 1280, "height": 800}
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

type NewContext = Callable[..., Awaitable[BrowserContext]]
type Visit = Callable[..., Awaitable[ChatPage]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium once."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail(INSTALL)
    # As long as a click waits for what it is to click: no test here is about time, and machines are busy.
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_context(chromium: Browser) -> AsyncIterator[NewContext]:
    """Return a way to get a browser with nothing in it: no history, no token."""
    async with AsyncExitStack() as stack:

        async def make(**options: object) -> BrowserContext:
            given = {"viewport": DESKTOP, "locale": "en-US", **options}
            context = await chromium.new_context(**given)
            stack.push_async_callback(context.close)
            return context

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def visit(running: RunningDesk, new_context: NewContext) -> AsyncIterator[Visit]:
    """Return a way to open the demo shop's page; at the end no page may have had any trouble."""
    pages: list[ChatPage] = []

    async def open_page(
        url: str | None = None, *, context: BrowserContext | None = None, **options: object
    ) -> ChatPage:
        context = context or await new_context(**options)
        pages.append(await ChatPage.visit(context, url or running.base))
        return pages[-1]

    yield open_page
    assert [page.trouble for page in pages] == [[] for _ in pages]


@pytest.fixture
def stored(running: RunningDesk) -> Stored:
    """Return what the running product has written down."""
    return Stored(running.database_url)
