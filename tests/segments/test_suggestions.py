"""Suggested segments: rules for the groups of a shop, counted over everybody, and their page."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from analytics.insight.known import Insights
from analytics.segments.rule import read
from analytics.segments.suggestions import Suggestion, suggestions
from analytics.segments.words import in_words
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from app import insight_desk
from app.wiring import Desk
from console.pages import segments_form
from console.services import ConsoleServices
from desk.access.policy import Role
from desk.clock import StoppedClock
from tests.conftest import NOON
from tests.console.conftest import Browser, access, services
from tests.console.people import Console
from tests.scoring.conftest import person, put
from tests.scoring.test_everybody import shop

__all__ = ["access", "services"]


@pytest.fixture
def clock() -> StoppedClock:
    """Return a clock that stands when the shop was scored."""
    return StoppedClock(NOON)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return a shop of 60 buyers and of people who never bought anything."""
    place = Warehouse(tmp_path / "engine")
    shop(place, NOON, *(person(number) for number in range(100, 130)))
    return place


def _suggestions(warehouse: Warehouse) -> tuple[Suggestion, ...]:
    with warehouse.reading() as engine:
        return suggestions({name: engine.table(name) for name in SCHEMAS}, NOON)


def test_they_find_what_they_say_and_only_buyers(warehouse: Warehouse) -> None:
    found = _suggestions(warehouse)
    assert len(found) >= 2
    assert len({one.group for one in found}) >= 2
    with warehouse.reading() as engine:
        rows = engine.table("score").to_pyarrow().to_pylist()
        orders = engine.table("purchase").to_pyarrow().to_pylist()
    group = {row["person_id"]: row["word"] for row in rows if row["name"] == "cluster"}
    for one in found:
        members = _plain(one, orders)
        assert len(members) == one.size
        inside = sum(group.get(member) == one.group for member in members)
        assert one.purity == pytest.approx(inside / one.size)
        assert one.coverage == pytest.approx(
            inside / sum(word == one.group for word in group.values())
        )
        assert members <= set(group)
        assert one.purity >= 0.5
        assert in_words(read(one.rule))
    assert [one.size for one in found] == sorted((one.size for one in found), reverse=True)
    # Together the rules find most of the buyers again.
    assert sum(one.size * one.purity for one in found) > 0.7 * len(group)


def _plain(one: Suggestion, orders: list[dict[str, Any]]) -> set[str]:
    """Return whom a rule finds, by a plain reading of its few kinds of questions."""
    at = NOON.replace(tzinfo=None)
    by_person: dict[str, list[dict[str, Any]]] = {}
    for order in orders:
        by_person.setdefault(str(order["person_id"]), []).append(order)

    def value(part: dict[str, Any], mine: list[dict[str, Any]]) -> float:
        measure = part.get("measure", "count")
        if measure == "days_since":
            last: datetime = max(o["placed_at"] for o in mine)
            return (at - last) / timedelta(days=1)
        return len(mine) if measure == "count" else sum(float(str(o["amount"])) for o in mine)

    def holds(part: dict[str, Any], mine: list[dict[str, Any]]) -> bool:
        asked, wanted = value(part, mine), float(str(part.get("value", 1)))
        is_least = part.get("op", "at_least") == "at_least"
        return asked >= wanted - 1e-6 if is_least else asked <= wanted + 1e-6

    parts = one.rule["where"]["all"]
    return {p for p, mine in by_person.items() if all(holds(part, mine) for part in parts)}


def test_without_groups_there_is_nothing_to_suggest(tmp_path: Path) -> None:
    empty = Warehouse(tmp_path / "empty")
    with empty.writing() as engine:
        prepare(engine)
    assert _suggestions(empty) == ()
    with empty.writing() as engine:
        at = NOON.replace(tzinfo=None)
        row = {"person_id": "c:1", "name": "cluster", "value": 0.0, "word": "all"}
        put(engine, "score", [row | {"computed_at": at}])
    assert _suggestions(empty) == ()


@pytest.fixture
def console(desk: Desk, services: ConsoleServices, warehouse: Warehouse) -> Console:
    """Return a console over the shop."""
    made = insight_desk.build(warehouse.reading, desk.database, desk.clock)
    return Console(desk, replace(services, insights=made.insights, segments=made.segments))


@pytest.fixture
async def mira(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Mira", Role.MARKETER) as browser:
        yield browser


async def test_a_suggestion_is_one_press_from_the_builder(mira: Browser, console: Console) -> None:
    assert "/console/segments/suggested" in await mira.see("/console/segments")
    page = await mira.see("/console/segments/suggested")
    insights = console.services.insights
    assert isinstance(insights, Insights)
    found = await insights.suggestions()
    links = [unescape(one) for one in re.findall(r'href="(/console/segments/new\?[^"]*)"', page)]
    assert len(links) == len(found)
    for link, one in zip(links, found, strict=True):
        (where,) = parse_qs(urlsplit(link).query)["where"]
        assert segments_form.loaded(where) == json.loads(json.dumps(one.rule["where"]))
        assert in_words(read(one.rule)) in unescape(page)
        builder = await mira.see(link)
        (rule,) = re.findall(r'name="rule" value="([^"]*)"', builder)
        preview = await mira.submit(
            "/console/segments/new", do="preview", name="x", rule=unescape(rule)
        )
        assert f"{one.size} of 90 people" in preview.text
    chinese = await mira.get("/console/segments/suggested", headers={"Accept-Language": "zh-CN"})
    assert "创建此分群" in chinese.text


async def test_agents_do_not_see_suggestions(console: Console) -> None:
    async with console.signed_in("Ada", Role.AGENT) as agent:
        assert (await agent.get("/console/segments/suggested")).status_code == 403
