"""The reports page: figures of the log, charts as pictures, files for those who may take them along."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from analytics.reports import rollup
from analytics.reports.business import business_of
from analytics.reports.charts import Charts
from analytics.reports.order import Order
from analytics.reports.report import Query
from analytics.reports.service import Reports
from app.wiring import Desk
from console.report_desk import ReportDesk
from console.services import ConsoleServices
from desk.clock import StoppedClock
from tests.conftest import NOON
from tests.console.conftest import Browser
from tests.reports import shop
from tests.reports.calendar import WORK
from tests.reports.oracle import Happening
from tests.reports.test_rollup import follow, happen

PAGE = "/console/reports?from=2026-03-02&to=2026-03-31&period=own"


class Drawn(Charts):
    """Draws nothing, and remembers what it was to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[Order] = []

    async def draw(self, order: Order) -> bytes:
        self.orders.append(order)
        return b"\x89PNG" if order.png else b"<svg/>"


@pytest.fixture
def charts() -> Drawn:
    return Drawn()


@pytest.fixture
def services(services: ConsoleServices, desk: Desk, charts: Drawn) -> ConsoleServices:
    """Return the console's services with reports in Berlin time."""
    reports = ReportDesk(
        reports=Reports(desk.database), charts=charts, zone=lambda: "Europe/Berlin"
    )
    return replace(services, reports=reports)


@pytest.fixture
async def busy(desk: Desk, clock: StoppedClock) -> None:
    """Let a month pass at the desk."""
    clock.advance(timedelta(days=35))
    await happen(desk.database, shop.log(60, 4))
    await follow(desk.database, clock)


async def test_a_desk_without_a_past_says_so(mo: Browser) -> None:
    page = await mo.see("/console/reports")
    assert "Nothing happened in these days" in page
    assert "Download CSV" not in page


@pytest.mark.usefixtures("busy")
async def test_the_page_shows_what_the_report_says(mo: Browser, desk: Desk) -> None:
    page = await mo.see(f"{PAGE}&by=agent")
    assert "Containment" in page
    for agent in ("Mo", "Kit", "Ada"):
        assert f"<bdi>{agent}</bdi>" in page
    assert page.count("<picture>") == 6
    assert page.count("The same as a table") == 6
    assert 'style="' not in page
    assert "<script>" not in page


@pytest.mark.usefixtures("busy")
async def test_the_table_by_agent_has_tickets_and_no_rows_of_nothing(
    mo: Browser, desk: Desk
) -> None:
    page = await mo.see(f"{PAGE}&by=agent")
    assert "Ticket reply" in page
    assert "Ticket resolution" in page
    # A ticket that nobody has is opened by no agent: of the table's columns that is none.
    opened = Happening(
        "ticket.opened", NOON, "x", None, {"ticket_id": 9_999, "team": "idle", "assignee": None}
    )
    before = await mo.see(f"{PAGE}&by=team")
    await happen(desk.database, [opened])
    reader = rollup.follower(desk.database, desk.clock, business_of(WORK))
    while await reader.step():
        pass
    query = Query(since=NOON - timedelta(days=1), until=NOON + timedelta(days=1), by="team")
    assert "idle" in (await Reports(desk.database).report(query)).groups
    assert "<bdi>idle</bdi>" not in await mo.see(f"{PAGE}&by=team")
    assert "<bdi>care</bdi>" in before
    business = await mo.see(f"{PAGE}&by=team&business=1")
    assert "opening hours as they were when each thing happened" in business


@pytest.mark.usefixtures("busy")
async def test_words_are_chinese_too(mo: Browser, charts: Drawn) -> None:
    mo.headers["Accept-Language"] = "zh-CN"
    page = await mo.see(f"{PAGE}&by=topic")
    assert "首次响应" in page
    assert "未知" in page
    await mo.see("/console/reports/charts/ended.svg?period=90")
    assert charts.orders[-1].picture.language == "zh"


@pytest.mark.usefixtures("busy")
async def test_charts_come_light_and_dark_wide_and_narrow(mo: Browser, charts: Drawn) -> None:
    page = await mo.see(PAGE)
    addresses = set(re.findall(r'(?:srcset|src)="(/console/reports/charts/[^"]+)"', page))
    assert len(addresses) == 6 * 4
    for address in addresses:
        response = await mo.get(address.replace("&amp;", "&"))
        assert response.status_code == 200
        assert response.headers["content-type"] == "image/svg+xml"
        assert response.headers["cache-control"] == "private, max-age=600"
        assert "script-src 'self'" in response.headers["content-security-policy"]
    made = {
        (order.picture.form, order.picture.title, order.look, order.width)
        for order in charts.orders
    }
    assert len(made) == 24
    mo.cookies.set("frontdesk_theme", "dark")
    page = await mo.see(PAGE)
    addresses = set(re.findall(r'(?:srcset|src)="(/console/reports/charts/[^"]+)"', page))
    assert len(addresses) == 6 * 2
    assert all("look=dark" in address for address in addresses)


@pytest.mark.usefixtures("busy")
async def test_a_changed_figure_changes_the_address_of_its_chart(
    mo: Browser, desk: Desk, clock: StoppedClock
) -> None:
    def mark(page: str) -> str:
        found = re.search(r'charts/ended\.svg\?[^"]*?v=([0-9a-f]+)', page)
        assert found
        return found[1]

    before = mark(await mo.see(PAGE))
    assert mark(await mo.see(PAGE)) == before
    await happen(desk.database, shop.log(61, 9)[:200])
    await follow(desk.database, clock)
    assert mark(await mo.see(PAGE)) != before


@pytest.mark.usefixtures("busy")
async def test_files_to_take_along(mo: Browser) -> None:
    response = await mo.get("/console/reports/report.csv?period=90&by=team")
    assert response.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert {row[0] for row in rows[1:]} >= {"care", "sales", "all"}
    response = await mo.get("/console/reports/charts/ended.png?period=90")
    assert response.content.startswith(b"\x89PNG")
    assert "attachment" in response.headers["content-disposition"]


@pytest.mark.usefixtures("busy")
async def test_filters_narrow_and_come_back(mo: Browser) -> None:
    page = await mo.see(f"{PAGE}&agent=Mo&channel=webchat&business=1&by=language")
    assert '<option value="Mo" selected>' in page
    assert "1" in re.findall(r'name="business" value="(\d)" checked', page)
    assert "agent=Mo" in page
    assert (await mo.see(f"{PAGE}&agent=Nobody+knows")).count("Nothing happened") == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("period=own&from=2026-03-05&to=2026-03-01", 400),
        ("period=own&from=x&to=", 400),
        ("period=own&from=0001-01-01&to=9999-12-31", 400),
        ("period=own&from=2010-01-01&to=2026-01-01", 400),
        ("period=soon&by=weather&business=yes", 200),
        ("by=%00&agent=%F0%9F%8D%B5&period=30", 200),
    ],
)
async def test_addresses_that_make_no_sense(mo: Browser, words: str, status: int) -> None:
    page = await mo.see(f"/console/reports?{words}", status)
    assert ("no days that a report" in page) == (status == 400)


async def test_there_are_no_other_charts(mo: Browser) -> None:
    await mo.see("/console/reports/charts/weather.svg", 404)
    await mo.see("/console/reports/charts/weather.png", 404)


async def test_a_stranger_signs_in_first(stranger: Browser) -> None:
    for path in ("", "/report.csv", "/charts/ended.svg", "/charts/ended.png"):
        response = await stranger.get(f"/console/reports{path}")
        assert response.status_code in (303, 307), path
        assert "sign-in" in response.headers["location"]


@pytest.mark.usefixtures("busy")
async def test_the_page_asks_the_database_the_same_few_questions_however_much_there_is(
    mo: Browser, desk: Desk, clock: StoppedClock
) -> None:
    asked: list[str] = []
    engine = desk.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    await mo.see(PAGE)  # reads the days
    asked.clear()
    await mo.see(PAGE)
    few = sum("metric_" in each for each in asked)
    await happen(desk.database, shop.log(200, 11))
    await follow(desk.database, clock)
    await mo.see(PAGE)
    asked.clear()
    await mo.see(PAGE)
    assert sum("metric_" in each for each in asked) == few
    assert 0 < few <= 40


async def test_the_loop_that_keeps_the_figures(desk: Desk, clock: StoppedClock) -> None:
    reader = rollup.follower(desk.database, clock, business_of(WORK), batch=50)
    await happen(desk.database, shop.log(10, 4))
    assert await reader.step() == 50
