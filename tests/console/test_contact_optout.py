"""To whom nothing may be sent, as agents see and change it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from app import web
from app.wiring import Desk
from console.routes import routes
from console.services import ConsoleServices
from desk.tables.access import AuditRow
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.console.conftest import HOST, Browser
from tests.talk import conversation, rows, says


@pytest.fixture
async def ray(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(app=web.build(desk, *routes(services)))
    async with Browser(
        transport=transport, base_url=HOST, headers={"Accept-Language": "en"}
    ) as browser:
        await browser.sign_in("Ray")
        yield browser


async def _standing(desk: Desk) -> list[SuppressionRow]:
    return await rows(
        desk, SuppressionRow, SuppressionRow.lifted_at.is_(None), SuppressionRow.digest.is_(None)
    )


async def _audit(desk: Desk) -> list[AuditRow]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.number)))


async def test_an_agent_sees_why_suppresses_and_lifts(ray: Browser, desk: Desk) -> None:
    await says(desk, "hello")
    at = f"/console/contacts/{(await conversation(desk)).contact_id}"
    assert "Nothing is suppressed" in await ray.see(at)
    await says(desk, "STOP")
    page = await ray.see(at)
    for shown in ("Every channel", "said STOP", "by the customer"):
        assert shown in page
    sent = await ray.submit(f"{at}/messages/suppress", channel="memory", why="a <b>lawyer</b>")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{at}/messages")
    page = await ray.see(f"{at}/messages")
    assert "a &lt;b&gt;lawyer&lt;/b&gt;" in page
    assert [(row.channel, row.reason, row.by) for row in await _standing(desk)] == [
        (None, SuppressionReason.STOPPED, "contact"),
        ("memory", SuppressionReason.BY_AGENT, "Ray"),
    ]
    refused = await ray.submit(f"{at}/messages/lift", channel="memory", why="phoned")
    assert refused.status_code == 409
    assert "lift it for all of them" in refused.text
    await ray.submit(f"{at}/messages/lift", channel="*", why="asked for it on the phone")
    assert await _standing(desk) == []
    assert "asked for it on the phone" in await ray.see(f"{at}/messages")
    noted = [row for row in await _audit(desk) if row.deed == "contact.change"]
    assert {row.who for row in noted} == {"Ray"}
    assert [row.detail["did"] for row in noted] == ["messages/suppress", "messages/lift"]


@pytest.mark.parametrize("way", ["suppress", "lift"])
async def test_without_a_reason_nothing_is_done(ray: Browser, desk: Desk, way: str) -> None:
    await says(desk, "hello")
    at = f"/console/contacts/{(await conversation(desk)).contact_id}/messages"
    assert (await ray.submit(f"{at}/{way}", channel="*", why="  ")).status_code == 422
    assert (await ray.submit(f"{at}/{way}", channel="pigeon", why="x")).status_code == 404
    assert (await ray.submit(f"{at}/lift", channel="*", why="x")).status_code == 404
    assert await rows(desk, SuppressionRow) == []
