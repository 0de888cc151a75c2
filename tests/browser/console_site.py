"""A console with something in it, served to a real Chromium: for tests that look at its pages."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.routing import BaseRoute, Route

from analytics.reports import rollup
from analytics.reports.business import business_of
from analytics.reports.charts import Charts
from analytics.reports.service import Reports
from analytics.warehouse.place import Warehouse
from app import serve, web
from app.served import console_services
from app.wiring import Desk
from console.gate import Way, rule_of
from console.report_desk import ReportDesk
from console.routes import routes
from console.services import ConsoleServices
from desk.canned import Canned
from desk.clock import StoppedClock
from desk.events import Event, append
from desk.message import Attachment
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from desk.tables.webhook import WebhookDeliveryRow, WebhookState
from desk.tickets.model import Ticket
from desk.webhooks.post import Post
from desk.webhooks.service import OutgoingWebhooks
from tests.browser.conftest import INSTALL
from tests.conftest import NOON, SECRET
from tests.console.conftest import CONSOLE_TOKEN
from tests.console.rule_desk import with_rules
from tests.reports.calendar import WORK
from tests.scoring.conftest import person
from tests.scoring.test_everybody import shop
from tests.talk import conversation, says

_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180fe5d3b1c0000000049454e44ae426082"
)


@dataclass
class Site:
    """A running console; ``trouble`` is what its pages complained about."""

    base: str
    browser: Browser
    paths: list[str]
    trouble: list[str] = field(default_factory=list)

    async def agent(self, name: str, **options: Any) -> Page:
        """Return a page of an agent who has just signed in."""
        context = await self.context(**options)
        page = await context.new_page()
        await page.goto(f"{self.base}/console?key={CONSOLE_TOKEN}")
        await page.fill("[name=agent]", name)
        await page.click("button.primary")
        await page.wait_for_url(f"{self.base}/console")
        return page

    async def pages(self, page: Page, more: list[str]) -> list[str]:
        """Return the addresses of all pages that show something; some only give a file."""
        shown = []
        for address in [*self.paths, *more]:
            answer = await page.request.get(f"{self.base}{address}")
            if "content-disposition" not in answer.headers:
                shown.append(address)
        return shown

    async def context(self, **options: Any) -> BrowserContext:
        """Return a browser with nothing in it whose pages must not have any trouble."""
        given = {"locale": "en-GB", "viewport": {"width": 1280, "height": 860}, **options}
        context = await self.browser.new_context(**given)
        context.on("weberror", lambda error: self.trouble.append(str(error.error)))
        context.on("console", self._note)
        return context

    def _note(self, said: Any) -> None:
        # A refused form is an answer, though the browser lists it among the errors.
        if said.type == "error" and "status of 4" not in said.text:
            self.trouble.append(said.text)


@asynccontextmanager
async def served(desk: Desk, services: ConsoleServices, *more: BaseRoute) -> AsyncIterator[Site]:
    """Serve the console, and ``more``, on a free port, with a Chromium beside it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, INSTALL
    charts = Charts()
    every = routes(_whole(services, desk, charts))
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(web.build(desk, *every, *more))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        site = Site(f"http://127.0.0.1:{sock.getsockname()[1]}", browser, plain_pages(every))
        yield site
        await browser.close()
    server.should_exit = True
    await running
    await charts.close()
    assert site.trouble == []


def _whole(services: ConsoleServices, desk: Desk, charts: Charts) -> ConsoleServices:
    """Return the console's collaborators with those of every page that can be left out."""
    post = Post(allow_private=True)
    return replace(
        with_rules(services, desk),
        reports=ReportDesk(reports=Reports(desk.database), charts=charts, zone=lambda: "UTC"),
        webhooks=OutgoingWebhooks(
            database=desk.database, post=post, secret=SECRET, clock=desk.clock
        ),
        insights=services.insights or desk.insight.insights,
        segments=services.segments or desk.insight.segments,
        offers=services.offers or desk.offers.offers,
        campaigns=services.campaigns or console_services(desk).campaigns,
    )


def plain_pages(every: list[Any]) -> list[str]:
    """Return the addresses of all pages that need no more than the address."""
    found = []
    for route in every:
        rule = rule_of(route.endpoint) if isinstance(route, Route) else None
        if rule and rule.way is Way.PAGE and "{" not in route.path and "GET" in route.methods:
            found.append(route.path)
    return found


async def furnish(desk: Desk, clock: StoppedClock, *, named: str = "") -> list[str]:
    """Let customers come, wait, be served and rate; return the addresses of their pages.

    ``named`` goes wherever somebody outside may write something.
    """
    shop(Warehouse(desk.settings.data_dir), clock(), person(60) | {"country": named or None})
    file = Attachment(
        name=f"invoice {named}.pdf", content_type="application/pdf", content=b"%PDF-"
    )
    picture = Attachment(name=f"lamp {named}.png", content_type="image/png", content=PIXEL)
    await says(
        desk, f"Where is my order 10023? {named}", "visitor-ab12", sender_name=f"A. B. {named}"
    )
    await says(desk, "我要申请退款，灯坏了", "visitor-cd34", sender_name="陈女士")
    await says(desk, f"The lamp flickers {named}", "visitor-ef56", attachments=(file, picture))
    clock.advance(timedelta(minutes=14))
    await says(desk, "human", "visitor-gh78", sender_name="K. L.")
    await says(desk, "human", "visitor-ij90", sender_name="M. N.")
    await says(desk, "bye", "visitor-kl12", sender_name="O. P.")
    talks = [
        await conversation(desk, f"visitor-{tag}")
        for tag in ("ab12", "cd34", "ef56", "gh78", "ij90", "kl12")
    ]
    first, mine, other = talks[0], talks[2], talks[3]
    await desk.handoff.take_over(mine.id, agent="Mo")
    await desk.handoff.reply(mine.id, agent="Mo", text=f"Let me look at the invoice. {named}")
    await desk.handoff.note(mine.id, agent="Kit", text=f"Be careful: {named or 'a third lamp'}")
    await desk.handoff.take_over(other.id, agent="Kit")
    await desk.handoff.snooze(talks[4].id, agent="Mo", until=clock() + timedelta(hours=1))
    await _shop(desk, mine.contact_id, named)
    ticket = await desk.tickets.open(
        key="k",
        conversation_id=mine.id,
        topic="complaint",
        title=f"It flickers {named}",
        description=f"Every evening {named}",
    )
    await desk.tickets.comment(
        number=ticket.number,
        text=f"a comment {named}",
        author="agent",
        author_name="Mo",
        public=True,
        key="c",
    )
    await desk.feedback.survey(conversation_id=talks[5].id, key="s")
    await desk.feedback.record(conversation_id=talks[5].id, score=4, key="r")
    canned = Canned(desk.database, desk.clock)
    await canned.save(
        None,
        name="Hello",
        en="Hello {customer}, I am {agent}.",
        zh="{customer}您好，我是{agent}。",
        owner="",
        by="Mo",
    )
    await canned.save(
        None, name=f"Own {named}"[:60], en=f"About {{order}} {named}", zh="", owner="Mo", by="Mo"
    )
    webhook = await _tell_others(desk, named)
    await _count(desk, ticket, named)
    return [
        f"/console/webhooks/{webhook}",
        "/console/reports?by=topic&business=1",
        *(f"/console/conversations/{talk.id}" for talk in talks),
        f"/console/contacts/{mine.contact_id}",
        f"/console/contacts/{mine.contact_id}/merge?with={first.contact_id}",
        f"/console/tickets/{ticket.number}",
        "/console?queue=waiting",
        "/console?queue=mine",
        "/console/search?q=lamp",
        "/console/search?q=退款",
        "/console/search?q=nothing+at+all",
        "/console/nothing-here",
    ]


async def _tell_others(desk: Desk, named: str) -> str:
    """Let a webhook have answered badly; return its id."""
    hooks = OutgoingWebhooks(
        database=desk.database, post=Post(allow_private=True), secret=SECRET, clock=desk.clock
    )
    webhook, _ = await hooks.add(
        url="http://127.0.0.1:9/hook", kinds=("ticket.*",), name=f"CRM {named}"[:100], by="Mo"
    )
    missed = WebhookDeliveryRow(
        webhook_id=webhook.id,
        message_id="msg_1",
        kind="ticket.opened",
        payload={},
        state=WebhookState.DEAD,
        attempts=8,
        not_before=desk.clock(),
        status=500,
        answer=f"no {named}",
        last_error=f"answered 500 {named}"[:500],
        created_at=desk.clock(),
    )
    async with desk.database.write() as session:
        session.add(missed)
    return webhook.id


async def _count(desk: Desk, ticket: Ticket, named: str) -> None:
    """Let reports have figures, also of agents, teams and topics of any name."""
    about = {"ticket_id": ticket.id, "assignee": "Mo", "team": f"care {named}".strip()}
    told = (
        ("ticket.topic_changed", {"new": f"lamps {named}".strip()}),
        ("ticket.replied", {"by": "agent", "agent": f"Kit {named}".strip()}),
        ("ticket.status_changed", {"old": "open", "new": "resolved", "author": "contact"}),
    )
    async with desk.database.write() as session:
        for name, data in told:
            append(session, Event(name=name, occurred_at=desk.clock(), data=about | data))
    reader = rollup.follower(desk.database, desk.clock, business_of(WORK))
    while await reader.step():
        pass


async def _shop(desk: Desk, contact_id: str, named: str) -> None:
    customer = CustomerRow(
        id="c1",
        name=f"E. F. {named}",
        email="e.f@example.com",
        phone="+1 555 0123",
        account_type="premium",
        created_at=NOON,
    )
    order = OrderRow(
        number="10023",
        customer_id="c1",
        status=OrderStatus.SHIPPED,
        placed_at=NOON,
        total_cents=12_900,
        currency="USD",
        ship_name="E. F.",
        ship_address="1 Example Street",
    )
    async with desk.database.write() as session:
        session.add(customer)
        await session.flush()
        session.add(order)
        contact = await session.get_one(ContactRow, contact_id)
        contact.customer_id, contact.verified_at = "c1", desk.clock()
        contact.email, contact.phone = "e.f@example.com", "+1 555 0123"
