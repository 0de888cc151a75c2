"""What people are like, in the console: the dashboard with its charts and file, and the card of a contact."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from analytics.insight.known import Insights
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from app.wiring import Desk
from console.report_desk import ReportDesk
from console.services import ConsoleServices
from desk.clock import StoppedClock
from tests.conftest import NOON
from tests.console.conftest import Browser
from tests.console.test_reports import Drawn
from tests.scoring.conftest import DAY, person, put
from tests.scoring.test_everybody import shop
from tests.talk import conversation, says

NASTY = "<script>alert(1)</script>"
CHARTS = ("rfm", "cluster", "tenths", "age", "gender", "country", "language")


@pytest.fixture
def charts() -> Drawn:
    """Draws nothing."""
    return Drawn()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return an engine without anything."""
    return Warehouse(tmp_path)


@pytest.fixture
def services(
    services: ConsoleServices, desk: Desk, charts: Drawn, warehouse: Warehouse
) -> ConsoleServices:
    """Return the console's services with insights."""
    reports = ReportDesk(reports=desk.service.reports.reports, charts=charts, zone=lambda: "UTC")
    insights = Insights(desk.database, warehouse.reading, desk.clock)
    return replace(services, reports=reports, insights=insights)


async def test_before_anything_is_computed_it_says_what_to_do(mo: Browser) -> None:
    page = await mo.get("/console/insight")
    assert page.status_code == 200
    assert "Nothing is computed yet" in page.text
    assert "frontdesk analytics refresh" in page.text
    for path in ("charts/rfm.svg", "people.csv", "charts/nonsense.svg"):
        assert (await mo.get(f"/console/insight/{path}")).status_code == 404


async def test_the_dashboard_its_charts_and_its_file(
    mo: Browser, warehouse: Warehouse, charts: Drawn
) -> None:
    shop(warehouse, NOON, person(60) | {"country": NASTY})
    page = (await mo.get("/console/insight")).text
    assert "61 people, 60 of whom have bought" in page
    assert NASTY not in page
    assert "&lt;script&gt;" in page
    for name in CHARTS:
        (source,) = re.findall(rf'<img src="(/console/insight/charts/{name}\.svg[^"]*)"', page)
        assert (await mo.get(source.replace("&amp;", "&"))).content == b"<svg/>"
        assert (await mo.get(f"/console/insight/charts/{name}.png")).content == b"\x89PNG"
    assert len(charts.orders) == 2 * len(CHARTS)
    ages = next(one.picture for one in charts.orders if one.picture.title == "Age")
    assert sum(point.value or 0 for point in ages.points) == 61
    grid = re.findall(r'<td class="heat\d">([\d,]+)</td>', page)
    assert sum(map(int, grid)) == 60
    assert "Who comes back" in page

    text = (await mo.get("/console/insight/people.csv")).content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    for panel in ("age", "gender", "country", "language"):
        assert sum(int(row["people"]) for row in lines if row["panel"] == panel) == 61
    shares = [float(row["share"]) for row in lines if row["panel"] == "tenths"]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    chinese = (await mo.get("/console/insight", headers={"Accept-Language": "zh-CN"})).text
    assert "客户洞察" in chinese
    assert "复购留存" in chinese


async def test_the_page_is_asked_for_once_in_five_minutes(
    mo: Browser, warehouse: Warehouse, clock: StoppedClock
) -> None:
    shop(warehouse, NOON)
    assert "60 people" in (await mo.get("/console/insight")).text
    with warehouse.writing() as engine:
        put(engine, "person", [person(99)])
    assert "60 people" in (await mo.get("/console/insight")).text
    clock.advance(DAY / 288)
    assert "61 people" in (await mo.get("/console/insight")).text


async def test_an_agent_sees_value_needs_and_risk_of_a_contact(
    mo: Browser, desk: Desk, warehouse: Warehouse
) -> None:
    await says(desk, "where is my order 10023?", thread="ada")
    talk = await conversation(desk, "ada")
    page = await mo.get(f"/console/contacts/{talk.contact_id}")
    assert "Value, needs and risk" in page.text
    assert "No figures yet" in page.text
    at = NOON.replace(tzinfo=None)
    rows = [
        {"name": "clv", "value": 1234.4, "word": None},
        {"name": "churn", "value": 0.7, "word": "high"},
        {"name": "rfm", "value": 9.0, "word": "at risk"},
        {"name": "cluster", "value": 1.0, "word": NASTY},
    ]
    whose = {"person_id": f"p:{talk.contact_id}", "computed_at": at}
    schema = SCHEMAS["score"].to_pyarrow().remove_metadata()
    with warehouse.writing() as engine:
        prepare(engine)
        engine.insert("score", pa.Table.from_pylist([one | whose for one in rows], schema=schema))
    page = await mo.get(f"/console/contacts/{talk.contact_id}")
    for words in ("1,234", "70%", "high", "at risk"):
        assert words in page.text, words
    assert NASTY not in page.text
    assert "&lt;script&gt;" in page.text
