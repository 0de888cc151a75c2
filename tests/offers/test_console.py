"""Offers in the console: written, changed, stopped, looked at; by who may, in both languages."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from analytics.offers.model import State
from app.wiring import Desk
from console.services import ConsoleServices
from desk.access.policy import Role
from tests.console.conftest import Browser, access, services
from tests.console.people import Console
from tests.offers.conftest import TEA, House

__all__ = ["access", "services"]

FORM = {
    "code": "tea",
    "title_en": "Tea for two",
    "title_zh": "双人茶礼",
    "text_en": "A teapot with two cups.",
    "text_zh": "茶壶配两只茶杯。",
    "url": "https://shop.example.com/tea",
    "sku": "tea-cup",
    "starts_at": "2026-03-01T09:00",
    "ends_at": "",
    "segment_id": "",
    "most_shown": "100",
    "most_taken": "",
}


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console with pages of offers."""
    return Console(
        desk, replace(services, offers=desk.offers.offers, segments=desk.insight.segments)
    )


@pytest.fixture
async def mira(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Mira", Role.MARKETER) as browser:
        yield browser


async def test_an_offer_is_written_changed_and_stopped(mira: Browser, desk: Desk) -> None:
    assert "No offers yet" in await mira.see("/console/offers")
    assert "everybody" in await mira.see("/console/offers/new")
    made = await mira.submit("/console/offers/new", **FORM)
    assert made.status_code == 303
    assert "Saved. It holds from now on." in await mira.see(made.headers["location"])
    (offer,) = await desk.offers.offers.list()
    assert (offer.code, offer.most_shown, offer.ends_at) == ("tea", 100, None)
    assert offer.starts_at is not None
    assert offer.starts_at.isoformat() == "2026-03-01T09:00:00+00:00"
    here = f"/console/offers/{offer.id}"
    form = await mira.see(f"{here}/edit")
    for value in ("2026-03-01T09:00", 'value="100"', "双人茶礼"):
        assert value in form
    changed = FORM | {"title_en": "Tea <b>for</b> all", "edition": "1"}
    assert (await mira.submit(f"{here}/edit", **changed)).status_code == 303
    assert "Tea &lt;b&gt;for&lt;/b&gt; all" in await mira.see(here)
    late = await mira.submit(f"{here}/edit", **changed)
    assert late.status_code == 409
    assert "meanwhile" in late.text
    await mira.submit(f"{here}/stop", stopped="yes")
    assert "nobody is shown it" in await mira.see(here)
    assert (await desk.offers.offers.get(offer.id)).state(desk.clock()) is State.STOPPED
    await mira.submit(f"{here}/stop", stopped="no")
    assert (await desk.offers.offers.get(offer.id)).state(desk.clock()) is State.ACTIVE


WRONG = [
    ({"code": "tea for two"}, "code:"),
    ({"url": "javascript:alert(1)"}, "url:"),
    ({"starts_at": "soon"}, "starts_at:"),
    ({"most_shown": "many"}, "most_shown:"),
    ({"text_zh": " "}, "text_zh:"),
]


@pytest.mark.parametrize(("wrong", "what"), WRONG)
async def test_what_is_wrong_is_said_and_what_was_written_stays(
    mira: Browser, desk: Desk, wrong: dict[str, str], what: str
) -> None:
    page = await mira.submit("/console/offers/new", **(FORM | wrong))
    assert page.status_code == 422
    assert what in page.text
    assert "A teapot with two cups." in page.text
    assert await desk.offers.offers.list() == []


async def test_who_was_shown_it_and_what_they_did(mira: Browser, house: House) -> None:
    offer = await house.offers.add(TEA, by="Mira")
    (shown,) = await house.recommender.answer(conversation_id="t0", customer_id="0", key="m1")
    await house.recommender.answer(conversation_id="tv", customer_id=None, key="m2")
    await house.offers.clicked(shown.shown_id or 0, conversation_id="t0")
    page = await mira.see(f"/console/offers/{offer.id}")
    assert "c:0" in page
    assert "p:kv" in page
    assert "(50.0%)" in page
    assert "would click" in page
    mira.headers["Accept-Language"] = "zh"
    page = await mira.see(f"/console/offers/{offer.id}")
    assert "展示记录" in page
    assert "玻璃茶壶配茶杯" in page


async def test_who_only_looks_at_conversations_sees_none(console: Console) -> None:
    async with console.signed_in("Vic", Role.VIEWER) as browser:
        assert (await browser.get("/console/offers")).status_code == 403
