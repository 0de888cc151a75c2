"""Take the pictures of the README from the running product.

Start `uv run frontdesk up --demo` on an empty database, then give both addresses that it prints:
uv run python docs/images/make.py http://127.0.0.1:8080 "http://127.0.0.1:8080/console?key=..."
"""

import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
TALK = ("Hi! Where is my order 10023?", "ana@example.com")
TALK_PERSON = (*TALK, "Can I talk to a person?")
REPLY = "Hi, this is Kim. I have your order in front of me: what can I do for you?"
TALK_ZH = ("我的订单 10042 到哪了？", "li@example.com", "运费怎么算？")


def talk(page: Page, texts: tuple[str, ...]) -> None:
    """Open the chat and say the texts one after the other, as a customer who reads the answers."""
    page.locator("frontdesk-chat .launcher").click()
    field = page.locator("frontdesk-chat textarea")
    for number, text in enumerate(texts, 1):
        field.fill(text)
        field.press("Enter")
        _answered(page, number)
    field.blur()
    page.wait_for_timeout(800)


def _answered(page: Page, own: int) -> None:
    """Wait until the last message is seen and followed by an answer."""
    deadline = time.monotonic() + 30
    last = page.locator("frontdesk-chat .log > :last-child")
    while time.monotonic() < deadline:
        mine = page.locator("frontdesk-chat .own").count()
        if mine == own and "own" not in (last.get_attribute("class") or ""):
            page.wait_for_timeout(300)
            return
        page.wait_for_timeout(100)
    raise TimeoutError(f"no answer to message {own}")


def take(
    browser: Browser, base: str, name: str, texts: tuple[str, ...], **options: object
) -> None:
    """Take one picture."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(base)
    talk(page, texts)
    page.screenshot(path=FOLDER / name)
    context.close()


def take_console(browser: Browser, base: str, link: str) -> None:
    """Let a customer ask for a person, answer as an agent, and take the console's picture."""
    size = {"width": 1280, "height": 800}
    customer = browser.new_context(viewport=size, locale="en-US").new_page()
    customer.goto(base)
    talk(customer, TALK_PERSON)
    agent = browser.new_context(viewport=size, locale="en-US").new_page()
    agent.goto(link)
    agent.get_by_label("Your name").fill("Kim")
    agent.get_by_role("button", name="Continue").click()
    agent.locator(".group.waiting a.line").last.click()
    agent.get_by_role("button", name="Take over").click()
    agent.get_by_label("Reply to the customer").fill(REPLY)
    agent.get_by_role("button", name="Send reply").click()
    agent.get_by_text(REPLY).last.wait_for()
    # The page looks every three seconds whether the reply has arrived.
    agent.wait_for_timeout(4_000)
    agent.screenshot(path=FOLDER / "console.png")


def main(base: str, link: str) -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is missing: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        take(
            browser,
            base,
            "chat-phone-zh.png",
            TALK_ZH,
            viewport={"width": 390, "height": 844},
            locale="zh-CN",
            color_scheme="dark",
            is_mobile=True,
            has_touch=True,
        )
        take_console(browser, base, link)
        take(
            browser,
            base,
            "chat.png",
            TALK,
            viewport={"width": 1280, "height": 800},
            locale="en-US",
            color_scheme="light",
        )
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
