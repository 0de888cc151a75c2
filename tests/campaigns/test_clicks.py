"""A campaign's link leads where it said, for anybody, and a person's click is known; nobody is led elsewhere."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from analytics.campaigns import plan
from analytics.campaigns.clicks import Clicks
from analytics.campaigns.links import TrackedLinks
from console.pages import followed
from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow
from desk.tables.event import EventRow
from tests.campaigns.people import campaign, contact, people
from tests.conftest import NOON, SECRET

TEA, CUPS = "https://shop.example.com/tea?x=1&y=2", "https://shop.example.com/cups"
PERSON = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0.0.0 Safari/537.36"}


@pytest.fixture
def links() -> TrackedLinks:
    """Return what makes links."""
    return TrackedLinks(SECRET, public_url="https://desk.example.com")


@pytest.fixture
async def recipient(database: Database) -> int:
    """Return somebody who got a message with two links."""
    await people(database, 1)
    run = await campaign(database, 1)
    decided = plan.read(
        {
            "segment_id": 1,
            "channels": ["memory"],
            "variants": [
                {"name": "a", "template": {"contents": {"en": {"text": f"{TEA} and {CUPS}"}}}}
            ],
            "schedule": {"kind": "once", "at": NOON.isoformat()},
        }
    )
    async with database.write() as session:
        await session.execute(
            update(CampaignRunRow).where(CampaignRunRow.id == run).values(plan=decided.written())
        )
        await session.execute(update(CampaignRecipientRow).values(sent_at=NOON))
        return (await session.scalars(select(CampaignRecipientRow.id))).one()


@pytest.fixture
async def browser(
    database: Database, clock: StoppedClock, links: TrackedLinks
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a browser an hour after the message."""
    clock.advance(timedelta(hours=1))
    app = Starlette(routes=followed.routes(Clicks(database, clock, links)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


async def _clicks(database: Database) -> list[tuple[str | None, int]]:
    async with database.read() as session:
        rows = await session.scalars(select(EventRow).where(EventRow.name == "campaign.clicked"))
        return [(row.contact_id, row.data["link"]) for row in rows]


async def test_a_link_leads_where_it_said(
    database: Database, browser: httpx.AsyncClient, links: TrackedLinks, recipient: int
) -> None:
    for number, target in enumerate((TEA, CUPS)):
        answer = await browser.get(f"/r/{links.token(recipient, number)}", headers=PERSON)
        assert (answer.status_code, answer.headers["location"]) == (302, target)
        assert answer.headers["cache-control"] == "no-store"
    assert await _clicks(database) == [(contact(0), 0), (contact(0), 1)]


async def test_machines_are_led_there_and_not_counted(
    database: Database,
    browser: httpx.AsyncClient,
    links: TrackedLinks,
    recipient: int,
    clock: StoppedClock,
) -> None:
    path = f"/r/{links.token(recipient, 0)}"
    assert (await browser.head(path, headers=PERSON)).status_code == 302
    for headers in (
        {"User-Agent": "TelegramBot (like TwitterBot)"},
        PERSON | {"Purpose": "prefetch"},
    ):
        assert (await browser.get(path, headers=headers)).headers["location"] == TEA
    clock.at = NOON + timedelta(milliseconds=200)
    assert (await browser.get(path, headers=PERSON)).status_code == 302
    assert await _clicks(database) == []


async def test_nobody_is_led_elsewhere(
    database: Database, browser: httpx.AsyncClient, links: TrackedLinks, recipient: int
) -> None:
    good = links.token(recipient, 0)
    others = TrackedLinks("another-secret-0123456789abcdef", public_url="https://x.example.com")
    for token in (
        links.token(recipient, 2),
        links.token(recipient + 1, 0),
        others.token(recipient, 0),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "x",
        "https:%2F%2Fevil.example",
    ):
        answer = await browser.get(f"/r/{token}", headers=PERSON)
        assert answer.status_code == 404, token
    assert await _clicks(database) == []
