"""What came of campaigns, in the console: figures that agree with the service, charts, files, side by side."""

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from analytics.campaigns.results import Results
from analytics.campaigns.results_model import By, Findings
from analytics.reports.picture import Form
from app.wiring import Desk
from console.campaign_charts import CHARTS
from console.report_desk import ReportDesk
from console.services import ConsoleServices
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.tables.access import AuditRow
from desk.tables.campaign import CampaignRunRow
from tests.campaigns.results_world import World, spring
from tests.conftest import NOON
from tests.console.campaigns import a_run, a_segment, pages, planned
from tests.console.conftest import Browser
from tests.console.people import Console
from tests.console.test_reports import Drawn

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def charts() -> Drawn:
    """Draws nothing."""
    return Drawn()


@pytest.fixture
def services(
    services: ConsoleServices, desk: Desk, clock: StoppedClock, charts: Drawn
) -> ConsoleServices:
    """Return the console's collaborators with those of campaigns and charts."""
    return replace(
        services,
        campaigns=pages(desk.database, clock, desk.insight.segments),
        reports=ReportDesk(
            reports=desk.service.reports.reports, charts=charts, zone=lambda: "UTC"
        ),
    )


@pytest.fixture
async def found(desk: Desk) -> Findings:
    """Let two campaigns go out twice each, and return what came of the first."""
    world = World(3, 120)
    world.fill([spring(), spring(goal={"event": "quiz.passed"})])
    await world.write(desk.database)
    return await Results(desk.database, desk.clock).of(1)


async def test_before_anything_is_sent_it_says_so(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    assert services.campaigns
    plan = planned(await a_segment(desk.database, 3))
    made = await services.campaigns.campaigns.create(f"Tea {NASTY}", plan, by="Kit")
    page = await mo.see(f"/console/campaigns/{made.id}/results")
    assert "Nothing has been sent yet" in page
    assert NASTY not in page
    await a_run(desk.database, made.id, {("queued", None): 3})
    assert "No campaign has gone out yet" not in await mo.see("/console/campaigns/compare")


async def test_the_page_says_what_the_service_found(mo: Browser, found: Findings) -> None:
    page = await mo.see("/console/campaigns/1/results")
    total = found.total
    tiles = dict(
        re.findall(r'<dt class="tile-name">([^<]+)</dt><dd><b>([^<]+)</b>', page.replace("\n", ""))
    )
    for name in ("sent", "delivered", "read", "clicked", "replied", "converted"):
        assert tiles[name.capitalize()] == f"{getattr(total, name):,}", name
    assert "A conversion is: order, within 7 days of the message" in page
    lift = found.lifts[0].converted
    told = f"{100 * lift.estimate:+.2f} ({100 * (lift.low or 0):+.2f} to"
    assert told.replace("-", "−") in page
    for by in (By.VARIANT, By.CHANNEL, By.LANGUAGE, By.DAY, By.HOUR, By.RUN, By.PART):
        (table,) = re.findall(rf'aria-labelledby="part-{by}"><table.*?</table>', page, re.DOTALL)
        sent = [int(n) for n in re.findall(r'</th><td class="right">(\d+)</td>', table)]
        assert sum(sent) == total.sent, by
    assert "2026-03-02" in page
    assert " None" not in page
    assert "nan" not in page.lower().split()
    assert "inf" not in page.lower().split()


async def test_every_chart_says_how_and_on_how_many_and_is_drawn(
    mo: Browser, found: Findings, charts: Drawn
) -> None:
    page = await mo.see("/console/campaigns/1/results")
    sources = re.findall(r'<img src="(/console/campaigns/1/charts/(\w+)\.svg[^"]*)"', page)
    assert {name for _, name in sources} == set(CHARTS)
    for source, name in sources:
        assert (await mo.get(source.replace("&amp;", "&"))).content == b"<svg/>"
        png = await mo.get(f"/console/campaigns/1/charts/{name}.png")
        assert png.content == b"\x89PNG"
    pictures = {one.picture.title: one.picture for one in charts.orders}
    lift = pictures["Conversions added"]
    assert lift.form is Form.BETWEEN
    assert [one.at for one in lift.points] == ["all variants together", "bold", "plain"]
    for point in lift.points:
        assert (point.low or 0) < (point.value or 0) < (point.high or 0)
    people = found.lifts[0].converted
    assert f"{people.people + people.base_people:,} people" in page
    assert (await mo.get("/console/campaigns/1/charts/nonsense.svg")).status_code == 404


async def test_one_time_it_went_out(mo: Browser, found: Findings, desk: Desk) -> None:
    async with desk.database.write() as session:
        (await session.get_one(CampaignRunRow, 10)).occurrence = "once/2"
    one = await Results(desk.database, desk.clock).of(1, 10)
    page = await mo.see("/console/campaigns/1/results?run=10")
    assert f"of {one.total.audience:,} people" in page
    assert one.total.audience < found.total.audience
    (source, *_) = re.findall(r'<img src="(/console/campaigns/1/runs/10/charts/\w+\.svg)', page)
    assert (await mo.get(source)).content == b"<svg/>"
    assert 'href="/console/campaigns/1/export.csv?run=10"' in page
    assert "A later step" in page
    assert "A later step" not in await mo.see("/console/campaigns/1/results")
    for path in ("1/results?run=999", "999/results", "1/runs/20/charts/funnel.svg"):
        assert (await mo.get(f"/console/campaigns/{path}")).status_code == 404, path


def _read(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


async def test_the_file_has_every_figure(mo: Browser, found: Findings, desk: Desk) -> None:
    answer = await mo.get("/console/campaigns/1/export.csv")
    assert 'filename="campaign-1.csv"' in answer.headers["content-disposition"]
    lines = _read(answer.content)
    told = {(one["part"], one["key"], one["figure"]): one for one in lines}
    assert len(told) == len(lines)
    assert int(told["total", "", "sent"]["value"]) == found.total.sent
    by_variant = [one for one in lines if one["part"] == "variant" and one["figure"] == "sent"]
    assert sum(int(one["value"]) for one in by_variant) == found.total.sent
    lift = found.lifts[0].converted
    assert float(told["lift", "", "converted"]["low"]) == pytest.approx(lift.low, rel=1e-4)
    assert float(told["sample_ratio", "", "p"]["value"]) == pytest.approx(found.ratio_p, rel=1e-4)
    async with desk.database.read() as session:
        noted = await session.scalars(select(AuditRow.thing).filter_by(deed="report.export"))
    assert noted.all() == ["campaign:1"]


async def test_campaigns_side_by_side(mo: Browser, found: Findings) -> None:
    page = await mo.see("/console/campaigns/compare?id=1&id=2&id=1&id=x&id=")
    assert page.count('<th scope="col" class="right">') == 2
    assert "quiz.passed, within 7 days" in page
    assert f"{found.total.audience:,}" in page
    lines = _read((await mo.get("/console/campaigns/compare.csv?id=1&id=2")).content)
    assert {one["campaign_id"] for one in lines} == {"1", "2"}
    assert (await mo.get("/console/campaigns/compare?id=1&id=999")).status_code == 404
    many = "&".join("id=1" if n % 2 else "id=2" for n in range(50))
    assert (await mo.get(f"/console/campaigns/compare?{many}")).status_code == 200


async def test_without_a_holdout_it_says_what_is_missing(mo: Browser, desk: Desk) -> None:
    world = World(5, 40)
    world.fill([spring(holdout=0.0)])
    await world.write(desk.database)
    page = await mo.see("/console/campaigns/1/results")
    assert "Nobody was left out to compare with" in page
    assert "charts/lift.svg" not in page


async def test_a_split_that_is_not_sound_is_told(mo: Browser, desk: Desk) -> None:
    world = World(5, 200)
    # Drawn for shares of one to one, told as nine to one: as if nearly all of one arm had been lost.
    world.fill([spring()])
    plan: dict[str, Any] = spring().written()
    plan["variants"][0]["weight"] = 9.0
    for run in world.rows[CampaignRunRow]:
        run["plan"] = plan
    await world.write(desk.database)
    page = await mo.see("/console/campaigns/1/results")
    assert "Do not believe comparisons between variants" in page


async def test_results_in_chinese_and_for_those_who_may(
    mo: Browser, found: Findings, desk: Desk, services: ConsoleServices
) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    page = (await mo.get("/console/campaigns/1/results", headers=chinese)).text
    for words in ("净增效果", "所有版本合计", "转化指：收到消息后 7 天内下单"):
        assert words in page, words
    page = (await mo.get("/console/campaigns/compare?id=1", headers=chinese)).text
    assert "活动对比" in page
    async with Console(desk, services).signed_in("Vic", Role.AGENT) as vic:
        for path in ("1/results", "1/export.csv", "1/charts/funnel.svg", "compare", "compare.csv"):
            assert (await vic.get(f"/console/campaigns/{path}")).status_code == 403, path
    assert found.computed_at == NOON
