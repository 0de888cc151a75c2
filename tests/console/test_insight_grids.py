"""The dashboard's tables as pictures, and the way from its groups to suggested segments."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.insight.known import Insights
from analytics.reports.drawing import draw
from analytics.reports.order import Order
from analytics.reports.picture import Form, Look, Picture, Point
from analytics.warehouse.place import Warehouse
from app import insight_desk
from app.wiring import Desk
from console.report_desk import ReportDesk
from console.services import ConsoleServices
from desk.access.policy import Role
from tests.conftest import NOON
from tests.console.people import Console
from tests.console.test_reports import Drawn
from tests.scoring.test_everybody import shop


@pytest.fixture
def charts() -> Drawn:
    """Draws nothing."""
    return Drawn()


@pytest.fixture
def services(
    services: ConsoleServices, desk: Desk, charts: Drawn, tmp_path: Path
) -> ConsoleServices:
    """Return the console's services with insights about 60 buyers, and with segments."""
    warehouse = Warehouse(tmp_path)
    shop(warehouse, NOON)
    made = insight_desk.build(warehouse.reading, desk.database, desk.clock)
    reports = ReportDesk(reports=desk.service.reports.reports, charts=charts, zone=lambda: "UTC")
    insights = Insights(desk.database, warehouse.reading, desk.clock)
    return replace(services, reports=reports, insights=insights, segments=made.segments)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_the_tables_are_taken_along_as_they_stand_on_the_page(
    desk: Desk, services: ConsoleServices, charts: Drawn, language: str
) -> None:
    async with Console(desk, services).signed_in("Mira", Role.MARKETER) as mira:
        told = {"Accept-Language": language}
        page = (await mira.get("/console/insight", headers=told)).text
        for name in ("grid", "retention"):
            assert f'href="/console/insight/charts/{name}.png"' in page
            answer = await mira.get(f"/console/insight/charts/{name}.png", headers=told)
            assert (answer.status_code, answer.content) == (200, b"\x89PNG")
    grid, retention = (one.picture for one in charts.orders)
    cells = [
        int(n.replace(",", "")) for n in re.findall(r'<td class="heat\d">([\d,]+)</td>', page)
    ]
    assert [round(one.value or 0) for one in grid.points] == cells
    assert grid.order == ("5", "4", "3", "2", "1")
    assert sum(cells) == 60
    shares = re.findall(r'<td(?: class="heat\d")?>(\d+%|–)</td>', page)
    assert [one.text or "–" for one in retention.points] == shares
    assert shares


async def test_who_may_not_export_has_no_pictures(desk: Desk, services: ConsoleServices) -> None:
    async with Console(desk, services).signed_in("Ada", Role.AGENT) as ada:
        assert "grid.png" not in (await ada.get("/console/insight")).text
        assert (await ada.get("/console/insight/charts/grid.png")).status_code == 403


async def test_the_groups_lead_to_suggested_segments(
    desk: Desk, services: ConsoleServices
) -> None:
    link = '<a href="/console/segments/suggested">'
    async with Console(desk, services).signed_in("Mira", Role.MARKETER) as mira:
        assert link in (await mira.get("/console/insight")).text
        assert (await mira.get("/console/segments/suggested")).status_code == 200
    without = replace(services, segments=None)
    async with Console(desk, without).signed_in("Nora", Role.MARKETER) as nora:
        assert link not in (await nora.get("/console/insight")).text


@pytest.mark.parametrize("look", list(Look))
def test_a_grid_is_drawn_with_its_words(look: Look) -> None:
    points = (
        Point("1", "5", 12.0, "12"),
        Point("2", "5", 3.0, "3"),
        Point("1", "4", None, "never shown"),
        Point("2", "4", 1.0, "1 <b>"),
    )
    picture = Picture(
        form=Form.GRID,
        title="Grid",
        description="5, 1: 12",
        unit="Recency",
        order=("5", "4"),
        points=points,
        across="Money",
    )
    svg = draw(Order(picture, look)).decode()
    for said in (">12<", ">3<", ">1 &lt;b&gt;<", ">Recency<", ">Money<"):
        assert said in svg
    assert "never shown" not in svg
    assert svg.index(">5<") < svg.index(">4<")
    assert draw(Order(picture, look, png=True)).startswith(b"\x89PNG")
