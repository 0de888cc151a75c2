"""Everybody who belongs to a segment, taken along as CSV: all of them, guarded, and written into the record."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace

import pytest
from ibis.backends import BaseBackend
from sqlalchemy import select

from analytics.segments import export
from analytics.segments.model import Draft
from app import insight_desk
from app.insight_desk import InsightDesk
from app.wiring import Desk
from console.services import ConsoleServices
from desk.access.policy import Deed, Role
from desk.errors import NotFoundError
from desk.tables.access import AuditRow
from tests.console.conftest import Browser, access, services
from tests.console.people import Console
from tests.segments.people import fill, world

__all__ = ["access", "services"]

EVERYBODY = {"where": {"not": {"kind": "person", "field": "name", "op": "is", "value": "nobody"}}}
NASTY = '=HYPERLINK("http://example.com")'


@pytest.fixture
def insight(desk: Desk, engine: BaseBackend) -> InsightDesk:
    """Return segments over a small world in which somebody has a nasty name."""
    rows = {name: [dict(row) for row in found] for name, found in world(1).items()}
    rows["person"][0]["name"] = NASTY
    fill(engine, rows)
    return insight_desk.build(lambda: nullcontext(engine), desk.database, desk.clock)


@pytest.fixture
def console(desk: Desk, services: ConsoleServices, insight: InsightDesk) -> Console:
    """Return a console with pages of segments."""
    return Console(desk, replace(services, segments=insight.segments))


@pytest.fixture
async def mira(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Mira", Role.MARKETER) as browser:
        yield browser


async def _made(insight: InsightDesk) -> int:
    made = await insight.segments.create(Draft(name="All", rule=EVERYBODY), by="Mira")
    await insight.segments.refresh(made.id)
    return made.id


async def test_everybody_is_in_it_over_several_pages(
    mira: Browser, insight: InsightDesk, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await _made(insight)
    monkeypatch.setattr(export, "_PAGE", 7)
    page = await mira.see(f"/console/segments/{number}")
    assert f'href="/console/segments/{number}/people.csv"' in page
    answer = await mira.get(f"/console/segments/{number}/people.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="segment-{number}.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    found = (await insight.segments.members(number, limit=200)).members
    assert [row["person_id"] for row in rows] == [one.person_id for one, _ in found]
    assert len(rows) > 14
    names = [row["name"] for row in rows]
    assert f"'{NASTY}" in names
    assert NASTY not in names
    async with desk.database.read() as session:
        query = select(AuditRow).where(AuditRow.deed == Deed.REPORT_EXPORT)
        (noted,) = (await session.scalars(query)).all()
    assert (noted.who, noted.thing) == ("Mira", f"segment:{number}")
    assert noted.detail["did"] == "people.csv"


async def test_nobody_takes_along_what_they_may_not(
    console: Console, insight: InsightDesk
) -> None:
    number = await _made(insight)
    async with console.signed_in("Ada", Role.AGENT) as agent:
        assert (await agent.get(f"/console/segments/{number}/people.csv")).status_code == 403


async def test_what_cannot_be_told_is_said_before_anything_is_given(
    mira: Browser, insight: InsightDesk, engine: BaseBackend
) -> None:
    assert (await mira.get("/console/segments/999/people.csv")).status_code == 404
    with pytest.raises(NotFoundError):
        await export.csv_of(insight.segments, 999)
    number = await _made(insight)
    engine.drop_table("person")
    assert (await mira.get(f"/console/segments/{number}/people.csv")).status_code == 409
