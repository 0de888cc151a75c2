"""What was between us and a contact, and everybody by value and risk, in the console."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from analytics.insight.known import Insights
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from app.wiring import Desk
from console.services import ConsoleServices
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.ids import new_id
from desk.tables.contact import ContactRow
from tests.console.conftest import Browser
from tests.console.people import Console
from tests.scoring.conftest import put
from tests.talk import conversation, says, settle

DAY = timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return an engine in which nothing is computed."""
    return Warehouse(tmp_path / "engine")


@pytest.fixture
def console(desk: Desk, services: ConsoleServices, warehouse: Warehouse) -> Console:
    """Return a console that knows what is known of people."""
    insights = Insights(desk.database, warehouse.reading, desk.clock)
    return Console(desk, replace(services, insights=insights))


@pytest.fixture
async def ray(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of an agent called Ray."""
    async with console.signed_in("Ray", Role.AGENT) as browser:
        yield browser


async def test_an_agent_sees_what_was_said_and_is_planned(
    ray: Browser, desk: Desk, clock: StoppedClock
) -> None:
    await says(desk, "where is my order 10023?", thread="ada")
    talk = await conversation(desk, "ada")
    await desk.handoff.take_over(talk.id, agent="Ray")
    await says(desk, "and the other one?", thread="ada")
    clock.advance(DAY / 24)
    await desk.handoff.reply(talk.id, agent="Ray", text="On its way.")
    await settle(desk)
    await desk.handoff.snooze(talk.id, agent="Ray", until=clock() + DAY)
    page = await ray.see(f"/console/contacts/{talk.contact_id}")
    for words in (
        "Messages and answers",
        "People answer in",
        "median of 1",
        "A conversation comes back",
        "We have never written to them first",
    ):
        assert words in page, words
    chinese = (
        await ray.get(f"/console/contacts/{talk.contact_id}", headers={"Accept-Language": "zh-CN"})
    ).text
    assert "人工回复用时" in chinese
    assert "对话将重新打开" in chinese


async def test_what_came_after_we_wrote_first_is_told_with_how_sure_it_is(
    console: Console, desk: Desk, clock: StoppedClock
) -> None:
    await says(desk, "where is my order 10023?", thread="ada")
    talk = await conversation(desk, "ada")
    await desk.handoff.take_over(talk.id, agent="Ray")
    clock.advance(9 * DAY)
    await desk.handoff.reply(talk.id, agent="Ray", text="Did it come?")
    await settle(desk)
    clock.advance(8 * DAY)
    async with console.signed_in("Ray", Role.AGENT) as ray:
        page = await ray.see(f"/console/contacts/{talk.contact_id}")
    assert "after 0 of 1 contacts (0%)" in page
    assert "Too few to tell" in page


async def _people(desk: Desk, warehouse: Warehouse, count: int) -> list[tuple[int, str, str]]:
    """Let there be contacts with figures, many of them equal; return value, person and contact."""
    dice, at = Random(1), datetime(2026, 1, 1)  # noqa: DTZ001 - as in the engine
    found, person, score = [], [], []
    async with desk.database.write() as session:
        for number in range(count):
            contact_id, value = new_id(), dice.choice((0.1, 0.30000000000000004, 7.5, 1e6 / 3))
            name = f"N{number:03} <b>"
            session.add(ContactRow(id=contact_id, name=name, created_at=desk.clock()))
            found.append((round(value * 100), f"p:{contact_id}", contact_id))
            person.append({"person_id": f"p:{contact_id}", "contact_id": contact_id})
            risk = dice.choice((("high", 0.9), ("low", 0.1)))
            score.append(_score(contact_id, "clv", value, None, at))
            score.append(_score(contact_id, "churn", risk[1], risk[0], at))
    # Somebody who is no contact, and one whom the desk does not know any more.
    person += [{"person_id": "c:none"}, {"person_id": "p:gone", "contact_id": new_id()}]
    score += [_score(one, "clv", 9e9, None, at) for one in ("none", "gone")]
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", person)
        put(engine, "score", score)
    return found


def _score(id_: str, name: str, value: float, word: str | None, at: datetime) -> dict[str, object]:
    person = "c:none" if id_ == "none" else f"p:{id_}"
    return {
        "person_id": person,
        "name": name,
        "value": value,
        "word": word,
        "computed_at": at,
    }


async def _all_pages(ray: Browser, path: str) -> tuple[list[str], int]:
    """Return whom the pages list, in their order, and how many pages there are."""
    found: list[str] = []
    for count in range(1, 9):
        page = await ray.see(path)
        found += re.findall(r'href="/console/contacts/([0-9a-f]{32})"', page)
        older = re.search(r'href="(/console/contacts\?[^"]*after=[^"]*)"', page)
        if older is None:
            return found, count
        path = unescape(older[1])
    raise AssertionError("there is no last page")


async def test_everybody_by_value_and_risk_page_by_page(
    ray: Browser, desk: Desk, warehouse: Warehouse
) -> None:
    empty = await ray.see("/console/contacts?by=value")
    assert "Nobody with such figures" in empty
    made = await _people(desk, warehouse, 120)
    by_value = [id_ for _, _, id_ in sorted(made, key=lambda one: (-one[0], one[1]))]
    found, pages = await _all_pages(ray, "/console/contacts?by=value")
    assert (found, pages) == (by_value, 3)
    high, _ = await _all_pages(ray, "/console/contacts?by=value&risk=high")
    low, _ = await _all_pages(ray, "/console/contacts?by=value&risk=low")
    assert [id_ for id_ in by_value if id_ in set(high)] == high
    assert {*high, *low} == set(by_value)
    assert not {*high} & {*low}
    first = await ray.see("/console/contacts?by=risk")
    assert ">90% <" in first
    assert ">10% <" not in first
    newest, _ = await _all_pages(ray, "/console/contacts")
    assert sorted(newest) == sorted(by_value)
    page = await ray.see("/console/contacts")
    assert "333,333" in page
    assert "N001 <b>" not in page
    looked_for = await ray.see("/console/contacts?q=N007&by=value")
    assert re.findall(r'href="/console/contacts/([0-9a-f]{32})"', looked_for) == [made[7][2]]


@pytest.mark.parametrize(
    "after", ["x", "1", "1~", "1~x:1", "9" * 30 + "~c:1", "1.5~c:1", "1~c:' OR 1=1 --"]
)
async def test_an_address_that_somebody_made_up_is_no_place(
    ray: Browser, desk: Desk, warehouse: Warehouse, after: str
) -> None:
    await _people(desk, warehouse, 3)
    await ray.see(f"/console/contacts?by=value&after={quote(after)}")
