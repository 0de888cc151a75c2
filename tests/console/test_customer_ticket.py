"""A customer's own ticket by link: seen, written to, settled, and nobody else's."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from app import web
from app.wiring import Desk
from console.pages.customer_ticket import CustomerPages, public_routes
from desk.clock import StoppedClock
from desk.tickets.customer import CustomerTickets
from desk.tickets.links import LIFETIME, TicketLinks
from desk.tickets.merging import TicketMerging
from tests.conftest import SECRET
from tests.talk import conversation, says

HOST = "https://desk.example.com"


@dataclass
class Customer:
    """A browser of somebody with a link."""

    http: httpx.AsyncClient
    links: TicketLinks

    async def see(self, ticket_id: int = 1, status: int = 200, language: str = "en") -> str:
        """Open the page."""
        headers = {"Accept-Language": language}
        response = await self.http.get(self.links.path(ticket_id), headers=headers)
        assert response.status_code == status, response.text
        return response.text

    async def send(self, what: str, ticket_id: int = 1, **fields: str) -> httpx.Response:
        """Send a form of the page."""
        path = f"{self.links.path(ticket_id)}/{what}"
        return await self.http.post(path, data={"sent": "yes"} | fields, headers={"Origin": HOST})


@pytest.fixture
async def customer(desk: Desk, clock: StoppedClock) -> AsyncIterator[Customer]:
    links = TicketLinks(SECRET, public_url=HOST, clock=clock)
    pages = CustomerPages(
        tickets=CustomerTickets(desk.database, clock, desk.tickets),
        links=links,
        clock=clock,
        zone=ZoneInfo("Europe/Berlin"),
        public_url=HOST,
        reads="30/minute",
        writes="4/hour",
    )
    transport = httpx.ASGITransport(app=web.build(desk, *public_routes(pages)))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        yield Customer(http, links)


@pytest.fixture
async def ticket(desk: Desk) -> str:
    await says(desk, "hello")
    talk = await conversation(desk)
    opened = await desk.tickets.open(
        key="k",
        conversation_id=talk.id,
        topic="complaint",
        title="Broken <i>lamp</i>",
        description="It <script>alert(1)</script> flickers.",
    )
    return opened.number


async def test_the_page_shows_what_is_public_and_nothing_else(
    customer: Customer, desk: Desk, ticket: str
) -> None:
    await desk.tickets.comment(number=ticket, text="A liar?", author="agent", public=False)
    await desk.tickets.comment(number=ticket, text="Soon.", author="agent", author_name="Mo")
    await desk.tickets.set(
        number=ticket, status="pending", priority="urgent", assignee="Kit", by="Mo", why="secret"
    )
    page = await customer.see()
    for shown in ("Your ticket T-000001", "&lt;script&gt;", "Soon.", "Mo", "wait for your answer"):
        assert shown in page, shown
    assert "13:00" in page, "the shop's own time"
    for hidden in ("A liar?", "Kit", "Urgent", "secret", "<script>alert", "<i>lamp"):
        assert hidden not in page, hidden
    assert "您的工单" in await customer.see(language="zh-CN")
    response = await customer.http.get(customer.links.path(1))
    assert "noindex" in response.headers["x-robots-tag"]
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in response.headers["content-security-policy"]


async def test_only_the_link_opens_it_and_not_for_ever(
    customer: Customer, desk: Desk, ticket: str, clock: StoppedClock
) -> None:
    path = customer.links.path(1)
    other = path.replace("v1.1.", "v1.2.")
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/t/x", f"{path}x", other):
        response = await customer.http.get(wrong)
        assert response.status_code == 404, wrong
        assert "not valid any more" in response.text
    await customer.see(2, status=404)
    clock.advance(LIFETIME)
    assert (await customer.http.get(path)).status_code == 404
    assert TicketLinks("other" * 9, public_url=HOST, clock=clock).url(1) is not None
    assert TicketLinks(SECRET, public_url=None, clock=clock).url(1) is None


async def test_a_customer_writes_settles_and_reopens(
    customer: Customer, desk: Desk, ticket: str, clock: StoppedClock
) -> None:
    once = re.search(r'name="once" value="([^"]+)"', await customer.see())
    assert once is not None
    for _ in range(2):
        sent = await customer.send("comments", text="It smells", once=once[1])
        assert sent.headers["location"].endswith("?said=sent")
    now = await desk.tickets.get(number=ticket)
    assert [e.text for e in now.entries if e.author == "contact"] == ["It smells"]
    await customer.send("close")
    assert (await desk.tickets.get(number=ticket)).status == "resolved"
    assert "not solved yet" in await customer.see()
    await customer.send("reopen")
    now = await desk.tickets.get(number=ticket)
    assert (now.status, now.reopened) == ("open", 1)
    assert (await customer.send("comments", text="  ")).status_code == 429


async def test_what_is_closed_goes_on_as_a_new_ticket(
    customer: Customer, desk: Desk, ticket: str
) -> None:
    await desk.tickets.set(number=ticket, status="closed", by="Mo")
    assert "opens a new one" in await customer.see()
    assert (await customer.send("reopen")).status_code == 200
    sent = await customer.send("comments", text="Again!", once="a")
    page = await customer.http.get(sent.headers["location"])
    assert "Your ticket T-000002" in page.text
    assert "It goes on as T-000002" in await customer.see()
    assert (await customer.send("comments", text=" ")).status_code == 422
    assert (await customer.send("delete")).status_code == 404
    assert (await customer.send("delete")).status_code == 429


async def test_forms_of_other_sites_and_unknown_moves_do_nothing(
    customer: Customer, desk: Desk, ticket: str
) -> None:
    path = customer.links.path(1)
    for headers in ({"Origin": "https://example.org"}, {}, {"Sec-Fetch-Site": "cross-site"}):
        response = await customer.http.post(f"{path}/close", headers=headers)
        assert response.status_code == 404
    assert (await customer.send("delete")).status_code == 404
    assert (await desk.tickets.get(number=ticket)).status == "new"


async def test_a_rule_that_comments_is_us_to_the_customer(
    customer: Customer, desk: Desk, ticket: str
) -> None:
    for author, name in (("system", "rule: soothe the angry"), ("agent", "Kit")):
        await desk.tickets.comment(
            number=ticket,
            text="On its way.",
            author=author,
            author_name=name,
            public=True,
            key=name,
        )
    page = await customer.see()
    assert "soothe" not in page
    assert page.count("On its way.") == 2
    assert ">Kit<" in page
    assert ">Our team<" in page


async def test_who_asks_too_often_waits(customer: Customer, ticket: str) -> None:
    for _ in range(30):
        await customer.see()
    assert "wait a moment" in await customer.see(status=429)


async def test_a_merged_ticket_leads_on_only_for_the_same_person(
    customer: Customer, desk: Desk, ticket: str, clock: StoppedClock
) -> None:
    talk = await conversation(desk)
    await desk.tickets.open(
        key="l", conversation_id=talk.id, topic="other", title="Same", description="..."
    )
    await TicketMerging(desk.database, clock).merge(number="T-000002", into=ticket, by="Mo")
    assert "Your ticket T-000001" in await customer.see(2)
    clock.advance(timedelta(days=1))
    assert "T-000002 was joined with this ticket" in await customer.see(1)
