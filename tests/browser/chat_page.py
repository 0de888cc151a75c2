"""A person in front of the chat: what they see in the browser, and what they can do there."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Locator, Page

PATIENCE = 60.0
_NETWORK = re.compile(r"net::ERR_|Failed to load resource|blocked by CORS policy")
_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI));
"""
_TRANSCRIPT = """
() => [...document.querySelector("frontdesk-chat").shadowRoot.querySelectorAll(".log > *")].flatMap(node =>
  node.matches(".msg")
    ? [[["own", "agent", "bot"].find(name => node.classList.contains(name)) ?? "?",
        node.querySelector(".bubble")?.textContent ?? ""]]
    : node.matches(".system") ? [["system", node.querySelector("p").textContent]] : [])
"""
_TYPING = (
    "() => !document.querySelector('frontdesk-chat').shadowRoot.querySelector('.typing').hidden"
)

type Said = tuple[str, str]


class ChatPage:
    """One tab with the chat. ``trouble`` is what should never happen: errors, violations, dialogs.

    Where the network may fail, the browser's words about that are in ``network`` instead.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.trouble: list[str] = []
        self.network: list[str] = []
        self.network_may_fail = False
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)

    @classmethod
    async def visit(cls, context: BrowserContext, url: str) -> "ChatPage":
        """Open a page in a new tab."""
        await context.add_init_script(_VIOLATIONS)
        chat = cls(await context.new_page())
        await chat.page.goto(url)
        return chat

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        expected = self.network_may_fail and _NETWORK.search(message.text)
        (self.network if expected else self.trouble).append(f"console: {message.text}")

    async def _dismiss(self, dialog: Dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def part(self, selector: str) -> Locator:
        """Return a part of the chat by its selector."""
        return self.page.locator(f"frontdesk-chat {selector}")

    @property
    def field(self) -> Locator:
        """Where the customer writes."""
        return self.part("textarea")

    async def open(self) -> None:
        """Open the chat by its button."""
        await self.part(".launcher").click()
        await self.field.wait_for()

    async def transcript(self) -> list[Said]:
        """Return (author, text) of everything on the page, from top to bottom."""
        return [(author, text) for author, text in await self.page.evaluate(_TRANSCRIPT)]

    async def own(self) -> list[str]:
        """Return what the customer said, as the page shows it."""
        return [text for author, text in await self.transcript() if author == "own"]

    async def until(
        self, check: Callable[[], Awaitable[Any]], what: str, patience: float = PATIENCE
    ) -> Any:
        """Look again and again until a check says something; the page's policy forbids to do it inside."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if found := await check():
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {patience:g} s: {what}; {await self.transcript()}")

    async def type(self, text: str) -> None:
        """Write a text and send it."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def says(self, text: str) -> list[str]:
        """Write a text, wait for the answer and return it."""
        before = len(await self.own())
        await self.type(text)
        return await self.answer(before + 1)

    async def presses(self, title: str) -> list[str]:
        """Press a button of the conversation, wait for the answer and return it."""
        before = len(await self.own())
        await self.button(title).click()
        return await self.answer(before + 1)

    def button(self, title: str) -> Locator:
        """Return the button of that title that can be pressed now."""
        exactly = re.compile(f"^{re.escape(title)}$")
        return self.part("button.chip:enabled").filter(has_text=exactly).last

    async def answer(self, own: int) -> list[str]:
        """Wait until the ``own``-th message of the customer is answered; return what was said after it."""
        await self.until(lambda: self._answered(own), f"an answer to message {own}")
        # The replies of one turn arrive together, but each is drawn by itself.
        await asyncio.sleep(0.2)
        return await self._answered(own)

    async def _answered(self, own: int) -> list[str]:
        shown = await self.transcript()
        places = [n for n, (author, _) in enumerate(shown) if author == "own"]
        if len(places) < own or await self.page.evaluate(_TYPING):
            return []
        end = places[own] if len(places) > own else len(shown)
        return [text for author, text in shown[places[own - 1] + 1 : end] if author != "own"]

    async def token(self) -> str:
        """Return the visitor token that the page keeps."""
        kept = "Object.entries(localStorage).find(([key]) => key.endsWith(':token'))?.[1]"
        return str(await self.page.evaluate(kept))

    async def visitor(self) -> str:
        """Return who the page is to the server."""
        return (await self.token()).split(".")[1]
