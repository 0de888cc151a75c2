"""A service desk from nothing: people, rules and promises are set up, and a ticket goes all the way to its rating."""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from analytics.reports import shown
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import NewContext
from tests.browser.opening_hours import always_open
from tests.running import FRONTDESK, ROOT, RunningDesk, clean_environment
from tests.stored import Row, Stored, ticket_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]

MANAGER = ("Mo Manager", "mo@example.com", "a-long-password-of-mo")
AGENT = ("Kim", "kim@example.com", "a-long-password-of-kim")
PROMISE = timedelta(minutes=10)
ANSWER = "We send you another lamp today."
PATIENCE = 30.0
COUNTS = {
    "conversations": 1,
    "ended_human": 1,
    "ended_bot": 0,
    "messages_in": 6,
    "messages_bot": 5,
    "messages_agent": 1,
    "tickets_opened": 1,
    "tickets_resolved": 1,
    "tickets_reopened": 0,
}
SHARES = {
    "containment": (1, 0.0),
    "sla_hit_rate": (2, 1.0),
    "csat": (1, 1.0),
    "csat_human": (1, 1.0),
    "csat_response": (1, 1.0),
}
"""What the report must say: of how many, and how much."""


class Colleague:
    """Somebody in the console, in a browser of their own; ``trouble`` is what their pages complained about."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.page = page
        self.trouble: list[str] = []
        context.on("weberror", lambda error: self.trouble.append(str(error.error)))
        page.on("console", self._hear)
        page.on("response", self._look)

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.trouble.append(said.text)

    def _look(self, response: Any) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status} {response.url}")

    async def goes(self, name: str, heading: str | None = None) -> None:
        """Follow a link of the sidebar."""
        await self.page.get_by_role("navigation").get_by_role("link", name=name).click()
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading or name)

    async def fills(self, **fields: str) -> None:
        """Fill in a form by its labels."""
        for label, text in fields.items():
            await self.page.get_by_label(label, exact=True).fill(text)

    async def presses(self, name: str) -> None:
        """Press a button."""
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def opens_menu(self) -> None:
        """Open the own menu."""
        await self.page.locator(".me summary").click()


class Scene:
    """A desk that was never used, and what it has written down."""

    def __init__(self, desk: RunningDesk, new_context: NewContext) -> None:
        self.base = desk.base
        self.stored = Stored(desk.database_url)
        self._desk = desk
        self._new_context = new_context

    async def colleague(self) -> Colleague:
        """Return somebody with a browser that has nothing in it."""
        context = await self._new_context()
        return Colleague(context, await context.new_page())

    async def customer(self) -> ChatPage:
        """Return a customer with the chat open."""
        chat = await ChatPage.visit(await self._new_context(), self.base)
        await chat.open()
        return chat

    @property
    def first_link(self) -> str:
        """What the terminal says how to get in."""
        return self._desk.console_url

    def happened(self, ticket_id: int) -> list[Row]:
        """Return the events of a ticket, data and all, in order."""
        rows = self.stored.rows("SELECT name, occurred_at, data FROM event ORDER BY id")
        found = [
            {
                **json.loads(row["data"]),
                "name": row["name"],
                "at": datetime.fromisoformat(row["occurred_at"]),
            }
            for row in rows
        ]
        return [one for one in found if one.get("ticket_id") == ticket_id]

    async def until(self, sql: str, *values: object) -> Row:
        """Wait until there is a row."""
        deadline = time.monotonic() + PATIENCE
        while not (rows := self.stored.rows(sql, *values)):
            assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {sql} {values}"
            await asyncio.sleep(0.1)
        return rows[0]

    def report(self, *options: str) -> dict[str, Any]:
        """Return what `frontdesk report desk --json` prints."""
        done = subprocess.run(
            [*FRONTDESK, "report", "desk", "--json", *options],
            cwd=ROOT,
            env=clean_environment(FRONTDESK_DATABASE_URL=self._desk.database_url),
            capture_output=True,
            check=True,
            timeout=120,
        )
        return dict(json.loads(done.stdout))


@pytest_asyncio.fixture(loop_scope="session")
async def scene(
    tmp_path_factory: pytest.TempPathFactory, new_context: NewContext
) -> AsyncIterator[Scene]:
    """Start the product with the trained assistant and an empty database; people are always at work."""
    folder = tmp_path_factory.mktemp("service-desk")
    env = {"FRONTDESK_POLICIES": str(always_open(folder))}
    desk = RunningDesk(folder, "--demo", env=env)
    desk.start()
    try:
        desk.wait(seconds=900)
        yield Scene(desk, new_context)
    finally:
        desk.stop()


async def test_a_ticket_is_routed_warned_about_answered_resolved_and_rated(scene: Scene) -> None:
    manager, agent = await scene.colleague(), await scene.colleague()
    await _first_account(scene, manager)
    await _invited(scene, manager, agent)
    await _rules(manager)
    await _promise(manager)

    chat = await scene.customer()
    ticket = await _opened(scene, chat)
    await _routed(scene, agent, ticket)
    await _warned(scene, agent, ticket)
    await _answered(scene, agent, chat, ticket)
    await _resolved(scene, agent, chat, ticket)
    await _rated(scene, chat)
    await _reported(scene, manager, ticket)
    assert [manager.trouble, agent.trouble, chat.trouble] == [[], [], []]


async def _first_account(scene: Scene, manager: Colleague) -> None:
    """By the link of the terminal, then as every other day: by address and password."""
    name, email, password = MANAGER
    page = manager.page
    await page.goto(scene.first_link)
    await page.get_by_role("link", name="Make the first account").click()
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await manager.presses("Make the account")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert "key=" not in page.url
    await manager.opens_menu()
    await manager.presses("Sign out")
    await manager.fills(**{"E-mail": email, "Password": password})
    await manager.presses("Sign in")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    (user,) = scene.stored.rows("SELECT * FROM user")
    assert (user["name"], user["email"], user["role"]) == (name, email, "admin")
    assert password not in str(user)


async def _invited(scene: Scene, manager: Colleague, agent: Colleague) -> None:
    name, email, password = AGENT
    await manager.goes("Users")
    await manager.fills(Name=name, **{"E-mail": email})
    await manager.page.get_by_label("Role").select_option("agent")
    await manager.presses("Make the invitation")
    link = await manager.page.get_by_label("The link").input_value()

    page = agent.page
    await page.goto(link)
    await expect(page.get_by_label("E-mail")).to_have_value(email)
    await page.get_by_label("Password").fill(password)
    await agent.presses("Continue")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    await agent.opens_menu()
    await agent.presses("Online")
    row = await scene.until("SELECT * FROM agent WHERE name = ? AND status = 'online'", name)
    assert row["email"] == email


async def _rules(manager: Colleague) -> None:
    """Who gets what comes by the web chat, who is able to, and what happens when time runs out."""
    page = manager.page
    await manager.goes("Tickets")
    await page.get_by_role("main").get_by_role("link", name="Assignment rules").click()
    await page.locator("#assignment").get_by_role("link", name="Add a rule").click()
    await manager.fills(Name="Lamps to who knows them", Channel="webchat", Skills="lamps")
    await manager.presses("Save")
    await expect(page.locator("#assignment h3")).to_have_text("Lamps to who knows them")
    kim = page.locator("#agents form").filter(has=page.get_by_role("heading", name=AGENT[0]))
    await kim.get_by_label("Skills").fill("lamps")
    await kim.get_by_role("button", name="Save").click()
    await expect(kim.get_by_label("Skills")).to_have_value("lamps")

    await manager.goes("Rules")
    await page.get_by_role("link", name="New rule").click()
    await manager.fills(Name="Late ones are marked")
    await page.get_by_label("a ticket is opened", exact=True).uncheck()
    await page.get_by_label("time is running out", exact=True).check()
    await page.get_by_label("Add an action").select_option("tag")
    await manager.presses("Add an action")
    await manager.fills(Tags="hurry")
    await manager.presses("Save")
    await expect(page.get_by_role("row", name="Late ones are marked")).to_contain_text("add tags")


async def _promise(manager: Colleague) -> None:
    page = manager.page
    await manager.goes("SLA", "Response times")
    await page.get_by_role("link", name="New policy").click()
    await manager.fills(Name="Everybody")
    for kind, within in (("First response", "10m"), ("Resolution", "1d")):
        await page.get_by_role("group", name=kind).get_by_label("Within").fill(within)
    await page.get_by_label("Warn after").fill("1")
    await manager.presses("Save")
    await expect(page.get_by_role("row", name="Everybody")).to_contain_text("10m")


async def _opened(scene: Scene, chat: ChatPage) -> Row:
    """The customer tells the assistant what is wrong."""
    await chat.says("I'd like to open a ticket")
    await chat.says("The desk lamp flickers")
    await chat.says("It starts after about an hour, every evening.")
    await chat.presses("Normal")
    (told,) = await chat.presses("Here in the chat")
    (ticket,) = scene.stored.tickets(await chat.visitor())
    assert ticket_number(ticket) in told
    return ticket


async def _routed(scene: Scene, agent: Colleague, ticket: Row) -> None:
    """It lands with who is able and at work, and the ticket says why."""
    name, page = AGENT[0], agent.page
    await scene.until("SELECT 1 FROM ticket WHERE id = ? AND assignee = ?", ticket["id"], name)
    await agent.goes("Tickets")
    row = page.get_by_role("row", name=ticket_number(ticket))
    await expect(row).to_contain_text(name)
    await page.get_by_role("link", name="The desk lamp flickers").click()
    why = page.locator("section", has=page.get_by_role("heading", name=f"Why {name}"))
    await expect(why).to_contain_text("The rule “Lamps to who knows them” fits")
    await expect(why).to_contain_text("Nobody else could take it now")
    (assigned,) = [one for one in scene.happened(ticket["id"]) if one["name"] == "ticket.assigned"]
    assert (assigned["old"], assigned["new"]) == (None, name)
    assert assigned["why"]["rule"] == "Lamps to who knows them"


async def _warned(scene: Scene, agent: Colleague, ticket: Row) -> None:
    """Its clocks run; the one that runs out is told, and the rule marks the ticket."""
    tagged = "SELECT tags FROM ticket WHERE id = ? AND tags LIKE '%hurry%'"
    await scene.until(tagged, ticket["id"])
    clocks = {
        row["kind"]: row
        for row in scene.stored.rows(
            "SELECT * FROM ticket_clock WHERE ticket_id = ?", ticket["id"]
        )
    }
    assert set(clocks) == {"first_response", "resolution"}
    assert clocks["first_response"]["target_seconds"] == PROMISE.total_seconds()
    assert clocks["first_response"]["warned_at"] is not None
    assert clocks["resolution"]["warned_at"] is None
    names = [one["name"] for one in scene.happened(ticket["id"])]
    assert (names.count("sla.started"), names.count("sla.warned")) == (2, 1)
    await agent.page.reload()
    await expect(agent.page.get_by_label("Tags")).to_have_value("hurry")
    await expect(agent.page.locator(".due.soon")).to_contain_text("First response")


async def _answered(scene: Scene, agent: Colleague, chat: ChatPage, ticket: Row) -> None:
    """What the agent writes on the ticket is read in the chat, in time."""
    await agent.fills(**{"Add a comment": ANSWER})
    await agent.page.get_by_label("Send it to the customer").check()
    await agent.presses("Add comment")
    await expect(agent.page.locator("li.comment .words")).to_have_text(ANSWER)

    async def heard() -> list[str]:
        return [said for who, said in await chat.transcript() if who == "agent"]

    (said,) = await chat.until(heard, "the agent's answer")
    assert ANSWER in said
    assert ticket_number(ticket) in said
    met = "SELECT 1 FROM ticket_clock WHERE ticket_id = ? AND kind = ? AND outcome = 'met'"
    await scene.until(met, ticket["id"], "first_response")
    (replied,) = [one for one in scene.happened(ticket["id"]) if one["name"] == "ticket.replied"]
    assert (replied["by"], replied["first"]) == ("agent", True)


async def _resolved(scene: Scene, agent: Colleague, chat: ChatPage, ticket: Row) -> None:
    page = agent.page
    await page.get_by_role("main").get_by_label("Status").select_option("resolved")
    await agent.presses("Save")
    await expect(page.locator(".pill.s-resolved")).to_have_text("Resolved")
    await chat.until(lambda: _said(chat, "is settled"), "that it is settled")
    met = "SELECT 1 FROM ticket_clock WHERE ticket_id = ? AND kind = ? AND outcome = 'met'"
    await scene.until(met, ticket["id"], "resolution")
    await page.get_by_role("link", name="Open the conversation").click()
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.locator(".talk-state")).to_contain_text("Resolved")


async def _said(chat: ChatPage, text: str) -> list[str]:
    return [said for _, said in await chat.transcript() if text in said]


async def _rated(scene: Scene, chat: ChatPage) -> None:
    await chat.until(lambda: chat.part(".asks .chip").count(), "the question how it went")
    await chat.presses("5")
    rating = await scene.until("SELECT * FROM feedback WHERE score IS NOT NULL")
    assert (rating["kind"], rating["score"]) == ("csat", 5)
    assert (rating["owner"], rating["agent"]) == ("human", AGENT[0])


async def _reported(scene: Scene, manager: Colleague, ticket: Row) -> None:
    """The command says what the rows say, and the page says the same."""
    at = {one["name"]: one["at"] for one in scene.happened(ticket["id"])}
    reply, solved = (
        at[name] - at["ticket.opened"] for name in ("ticket.replied", "ticket.status_changed")
    )
    report = scene.report("--by", "agent")
    total, kim = report["total"], report["groups"][AGENT[0]]
    assert {name: total[name]["value"] for name in COUNTS} == COUNTS
    assert {name: (total[name]["n"], total[name]["value"]) for name in SHARES} == SHARES
    for figures in (total, kim):
        assert figures["ticket_reply"]["median"] == pytest.approx(reply.total_seconds(), abs=0.01)
        assert figures["ticket_resolution"]["median"] == pytest.approx(
            solved.total_seconds(), abs=0.01
        )
    assert (kim["messages_agent"]["n"], kim["sla_hit_rate"]["n"], kim["csat"]["n"]) == (1, 2, 1)
    assert report["open"] == {}

    page = manager.page
    await manager.goes("Reports")
    for name, value in (("Conversations", "1"), ("SLA met", "100.0%"), ("CSAT", "100.0%")):
        tile = page.locator(".tile").filter(has_text=name).first
        await expect(tile.locator("b")).to_have_text(value)
    row = page.get_by_role("row", name=AGENT[0])
    assert (await row.get_by_role("cell").all_inner_texts())[-2:] == ["100.0%", "100.0%"]
    replied = page.get_by_role("row", name="First reply to a ticket").get_by_role("cell")
    assert (await replied.all_inner_texts())[:2] == [
        "1",
        shown.time(total["ticket_reply"]["median"]),
    ]
    for chart in await page.locator(".chart img").all():
        await chart.scroll_into_view_if_needed()
        # The first one starts the process that draws; the product waits a minute for it.
        await expect(chart).to_have_js_property("complete", value=True, timeout=60_000)
        assert await chart.evaluate("image => image.naturalWidth") > 0
    await manager.goes("Feedback")
    await expect(page.get_by_role("main")).to_contain_text(AGENT[0])
