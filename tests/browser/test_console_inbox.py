"""The inbox in a real browser: two agents at once, by keys alone, and what strangers wrote staying text."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy

import pytest
from playwright.async_api import Dialog, Page, expect

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.services import ConsoleServices
from desk.clock import StoppedClock
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Owner
from tests.browser.console_site import Site, furnish, served
from tests.console.conftest import access, services
from tests.talk import conversation, says, settle

__all__ = ["access", "services"]
pytestmark = pytest.mark.browser

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<svg onload=alert(3)>",
    '"><svg/onload=alert(4)>',
    "'><img src=x onerror=alert(5)>",
    "</textarea><script>alert(6)</script>",
    "</title><script>alert(7)</script>",
    "<a href=javascript:alert(8)>go</a>",
    "javascript:alert(9)",
    "{{constructor.constructor('alert(10)')()}}",
    "{% print 7777*7777 %}${alert(11)}",
    "<iframe srcdoc='<script>alert(12)</script>'>",
    "<details open ontoggle=alert(13)>",
    "<input autofocus onfocus=alert(14)>",
    "<math><mtext></mtext><mglyph><style></math><img src onerror=alert(15)>",
    "&lt;script&gt;alert(16)&lt;/script&gt;",
    "\u202e<b onmouseover=alert(17)>\u0000",
    "<style>@import 'javascript:alert(18)'</style>",
    "data:text/html,<script>alert(19)</script>",
    "--><!--<script>alert(20)</script>",
)
_INJECTED = """() => document.querySelectorAll([
  "[onerror]", "[onload]", "[ontoggle]", "[onfocus]", "[onmouseover]", "[href^='javascript:' i]",
  "iframe", "script:not([src])", "style",
].join()).length"""


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return a SQLite database: what pages do does not depend on it."""
    return f"sqlite:///{copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def site(desk: Desk, services: ConsoleServices) -> AsyncIterator[Site]:
    """Serve the console."""
    async with served(desk, services) as running:
        yield running


async def _open(site: Site, page: Page, desk: Desk, thread: str = "ada") -> None:
    await page.goto(f"{site.base}/console/conversations/{(await conversation(desk, thread)).id}")


async def test_two_agents_see_each_other_and_overwrite_nothing(
    site: Site, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "human", sender_name="A. B.")
    mo, kit = await site.agent("Mo"), await site.agent("Kit")
    await expect(kit.locator("#group-waiting .line-name")).to_have_text("A. B.")
    await _open(site, mo, desk)
    await _open(site, kit, desk)
    await expect(kit.locator(".presence")).to_have_text("Mo is looking at this too")
    # One press of each: the second is told, and no page was loaded again for either.
    await mo.keyboard.press("t")
    await expect(mo.locator(".talk-state")).to_contain_text("You are answering")
    await expect(kit.locator(".talk-state")).to_contain_text("Mo is answering")
    await mo.fill("#text", "The lamp is on")
    await expect(kit.locator(".presence")).to_have_text("Mo is typing…")
    # A colleague writes while Mo is about to send, and Mo's page does not know of it yet.
    await mo.evaluate("() => { document.querySelector('[data-live]').dataset.paused = 'yes' }")
    await kit.fill("#text", "It is another lamp!")
    await kit.keyboard.press("Control+Enter")
    await expect(kit.locator(".said.note .words")).to_have_text("It is another lamp!")
    await mo.keyboard.press("Control+Enter")
    await expect(mo.get_by_role("alert")).to_contain_text("Somebody wrote while you were writing")
    await expect(mo.locator("#new-from")).to_be_visible()
    await expect(mo.locator("#text")).to_have_value("The lamp is on")
    assert "The lamp is on" not in [message.text for message in memory.sent]
    await mo.click("text=Send reply")
    await expect(mo.locator(".said.agent .words").last).to_have_text("The lamp is on")
    await expect(kit.locator(".said.agent .words").last).to_have_text("The lamp is on")
    await settle(desk)
    assert memory.sent[-1].text == "The lamp is on"


async def test_a_draft_outlives_the_page_and_streams_come_back(site: Site, desk: Desk) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Mo")
    page = await site.agent("Mo")
    await _open(site, page, desk)
    await page.fill("#text", "Not sent")
    await page.click("#mode-note")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("Not sent")
    # The line is cut; the page says nothing for a moment, and is right again by itself.
    await page.context.set_offline(True)
    await says(desk, "are you there?")
    await page.context.set_offline(False)
    await expect(page.locator(".said.contact .words").last).to_have_text("are you there?")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".said.agent .words")).to_have_text("Not sent")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("")


async def test_everything_is_done_by_keys_alone(
    site: Site, desk: Desk, clock: StoppedClock, memory: MemoryChannel
) -> None:
    await furnish(desk, clock)
    await says(desk, "human", "visitor-zz99", sender_name="Z. Z.")
    page = await site.agent("Mo")
    press = page.keyboard.press
    await press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await press("Escape")
    # j goes through the list; Enter opens.
    while "Z. Z." not in await page.evaluate(
        "() => document.activeElement.closest('a')?.innerText ?? ''"
    ):
        await press("j")
    await press("Enter")
    await expect(page.get_by_role("heading", name="Z. Z.")).to_be_visible()
    await press("t")
    await expect(page.locator(".talk-state")).to_contain_text("You are answering")
    await press("r")
    await page.keyboard.type("t e n j: letters are letters here")
    await press("Control+Enter")
    await expect(page.locator(".said.agent .words").last).to_contain_text("letters are letters")
    await press("Escape")
    await press("n")
    await page.keyboard.type("for us")
    await press("Control+Enter")
    await expect(page.locator(".said.note .words")).to_have_text("for us")
    await press("Escape")
    await press("r")
    await press("Escape")
    await press("c")
    await press("Enter")
    await expect(page.locator("#text")).to_have_value("Hello Z. Z., I am Mo.")
    await press("Escape")
    await press("e")
    await expect(page.locator(".talk-state")).to_contain_text("Resolved")
    assert (await conversation(desk, "visitor-zz99")).owner is Owner.CLOSED
    await settle(desk)
    assert [m.text for m in memory.sent].count("t e n j: letters are letters here") == 1
    await press("u")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    await press("g")
    await press("c")
    await expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    await press("/")
    await page.keyboard.type("lamp")
    await press("Enter")
    await expect(page.locator("mark").first).to_have_text("lamp")


async def test_a_secret_is_copied_by_its_button_and_by_hand_without_scripts(site: Site) -> None:
    for scripts in (True, False):
        page = await site.agent("Mo", java_script_enabled=scripts)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(f"{site.base}/console/tokens")
        await page.fill("#name", "the warehouse")
        await page.check("[name='scope.ticket.see']")
        await page.get_by_role("button", name="Make the token").click()
        secret = await page.get_by_label("Token", exact=True).input_value()
        assert len(secret) > 20
        button = page.locator("[data-copies]")
        if not scripts:
            await expect(button).to_be_hidden()
            continue
        await button.click()
        await expect(button).to_have_text("Copied")
        assert await page.evaluate("() => navigator.clipboard.readText()") == secret
        assert await page.evaluate("() => getSelection().toString()") == secret


async def test_the_own_menu_is_whole_on_a_small_screen(site: Site, desk: Desk) -> None:
    await desk.agents.set_status("Mo", AgentStatus.AWAY)
    for width, height in ((1280, 800), (1280, 640), (390, 844)):
        page = await site.agent("Mo", viewport={"width": width, "height": height})
        if width < 900:
            await page.get_by_role("button", name="Menu").click()
        await page.click(".me summary")
        await expect(page.get_by_role("button", name="Away")).to_have_attribute(
            "aria-pressed", "true"
        )
        leave = page.get_by_role("button", name="Sign out")
        if width < 900:
            await leave.scroll_into_view_if_needed()
        box = await leave.bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        await leave.click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_single_keys_can_be_switched_off(site: Site) -> None:
    page = await site.agent("Mo")
    await page.goto(f"{site.base}/console/keys")
    await page.uncheck("[data-keys-on]")
    await page.goto(f"{site.base}/console/tickets")
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    await page.keyboard.press("?")
    assert page.url.endswith("/console/tickets")
    assert await page.locator("dialog").count() == 0


async def test_what_strangers_write_is_text_on_every_page(
    site: Site, desk: Desk, clock: StoppedClock
) -> None:
    bad = "  ".join(NASTY)
    addresses = await furnish(desk, clock, named=bad)
    for number, one in enumerate(NASTY):
        await says(desk, one, f"visitor-{number:02}", sender_name=one)
    page, opened = await site.agent("Mo"), list[str]()

    async def close(dialog: Dialog) -> None:
        opened.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", close)
    addresses = await site.pages(page, addresses)
    addresses += [f"/console/search?q={one[:60]}" for one in NASTY[:3]]
    shown = dict.fromkeys(NASTY, 0)
    injected = {}
    wanted = {f"/console/{name}" for name in ("reports", "webhooks", "insight", "segments")}
    assert wanted <= set(addresses)
    for address in addresses:
        await page.goto(f"{site.base}{address}".replace("#", "%23"))
        if found := await page.evaluate(_INJECTED):
            injected[address] = found
        text = await page.evaluate("() => document.documentElement.textContent")
        for one in NASTY:
            shown[one] += one.replace("\x00", "") in text
    await asyncio.sleep(0)
    assert opened == []
    assert injected == {}
    # Every one was there to be executed, on several pages.
    assert [one for one, times in shown.items() if times < 3] == []
