"""The calendar of campaigns: what was sent, what is due, in the shop's days or on each contact's clock."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.wiring import Desk
from console.pages.campaigns_calendar import last_of, month_of
from console.post_services import PostServices
from console.report_desk import ReportDesk
from console.services import ConsoleServices
from desk.clock import StoppedClock
from desk.tables.campaign import CampaignRow, CampaignState, RunState
from desk.tables.post import PostRow, PostState
from tests.conftest import NOON
from tests.console.campaigns import a_run, a_segment, pages, planned
from tests.console.conftest import Browser
from tests.console.test_reports import Drawn

TODAY = NOON.date()


@pytest.fixture
def services(services: ConsoleServices, desk: Desk, clock: StoppedClock) -> ConsoleServices:
    """Return the console's collaborators with those of campaigns, of a shop in Tokyo."""
    return replace(
        services,
        campaigns=pages(desk.database, clock, desk.insight.segments),
        posts=PostServices(posts=desk.posts.posts, week=desk.posts.week),
        reports=ReportDesk(
            reports=desk.service.reports.reports, charts=Drawn(), zone=lambda: "Asia/Tokyo"
        ),
    )


async def _made(
    desk: Desk,
    services: ConsoleServices,
    name: str,
    segment: int,
    *,
    launch: bool = True,
    **more: Any,
) -> int:
    assert services.campaigns
    campaigns = services.campaigns.campaigns
    made = await campaigns.create(name, planned(segment, **more), by="Kit")
    if launch:
        await campaigns.launch(made.id, by="Kit")
    return made.id


def _by_day(page: str) -> dict[str, list[str]]:
    """Return what stands on each day."""
    found = {}
    for day, rest in re.findall(
        r'<time datetime="(\d{4}-\d\d-\d\d)">(.*?)</li>\n', page, re.DOTALL
    ):
        lines = re.findall(r'class="clock">([\d:*]+)</span> <bdi>(.*?)</bdi>', rest)
        if lines:
            found[day] = [" ".join(line) for line in lines]
    return found


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-12", date(2026, 12, 1)),
        ("2028-02", date(2028, 2, 1)),
        ("", date(2026, 3, 1)),
        ("0001-01", date(2026, 3, 1)),
        ("9999-12", date(2026, 3, 1)),
        ("2026-13", date(2026, 3, 1)),
        ("2026-3", date(2026, 3, 1)),
        ("<script>", date(2026, 3, 1)),
    ],
)
def test_a_month_of_an_address(text: str, first: date) -> None:
    assert month_of(text, TODAY) == first
    assert (last_of(first) + timedelta(days=1)).day == 1


async def test_an_empty_month(mo: Browser) -> None:
    page = await mo.see("/console/campaigns/calendar")
    assert "March 2026" in page
    assert page.count('<li class="day') == 31
    assert _by_day(page) == {}
    assert page.count('aria-current="date"') == 1
    assert "month=2026-02" in page
    assert "month=2026-04" in page


async def test_what_is_due_and_what_was_sent(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    segment = await a_segment(desk.database, 2)
    # Four in the afternoon in London is the next day in Tokyo.
    at = "2026-03-05T16:30:00+00:00"
    await _made(desk, services, "Once <b>", segment, schedule={"kind": "once", "at": at})
    local = {"kind": "local", "day": "2026-03-08", "clock": "09:00"}
    await _made(desk, services, "Own clock", segment, schedule=local)
    weekly = {"kind": "recurring", "cron": "0 9 * * 1", "zone": "Asia/Tokyo"}
    news = await _made(desk, services, "News", segment, schedule=weekly)
    await _made(desk, services, "Draft", segment, launch=False, schedule=weekly)
    event = {"kind": "after_event", "event": "order.placed", "delay": "7d"}
    welcome = await _made(desk, services, "Welcome", segment, launch=False, schedule=event)
    async with desk.database.write() as session:
        (await session.get_one(CampaignRow, welcome)).state = CampaignState.RUNNING
    run = await a_run(
        desk.database,
        news,
        {("sent", None): 1},
        state=RunState.RUNNING,
        due_at=NOON - timedelta(hours=12),
        occurrence="2026-03-02",
    )
    page = await mo.see("/console/campaigns/calendar?month=2026-03")
    assert _by_day(page) == {
        "2026-03-02": ["09:00 News"],
        "2026-03-06": ["01:30 Once &lt;b&gt;"],
        "2026-03-08": ["09:00* Own clock"],
        "2026-03-09": ["09:00 Draft", "09:00 News"],
        "2026-03-16": ["09:00 Draft", "09:00 News"],
        "2026-03-23": ["09:00 Draft", "09:00 News"],
        "2026-03-30": ["09:00 Draft", "09:00 News"],
    }
    assert f'href="/console/campaigns/{news}?run={run}"' in page
    assert "Times are those of Asia/Tokyo" in page
    assert f'href="/console/campaigns/{welcome}"' in page.partition("after an event")[2]
    later = _by_day(await mo.see("/console/campaigns/calendar?month=2026-04"))
    assert list(later) == ["2026-04-06", "2026-04-13", "2026-04-20", "2026-04-27"]
    assert _by_day(await mo.see("/console/campaigns/calendar?month=2026-01")) == {}


async def test_what_went_out_stands_there_once_and_what_was_cancelled_is_no_more_due(
    mo: Browser, desk: Desk, services: ConsoleServices, clock: StoppedClock
) -> None:
    segment = await a_segment(desk.database, 2)
    local = {"kind": "local", "day": "2026-03-03", "clock": "09:00"}
    sent = await _made(desk, services, "Sent", segment, schedule=local)
    await a_run(desk.database, sent, {("sent", None): 1}, due_at=NOON + timedelta(hours=7))
    gone = await _made(desk, services, "Gone", segment, schedule=local)
    assert services.campaigns
    await services.campaigns.campaigns.cancel(gone, by="Kit")
    assert _by_day(await mo.see("/console/campaigns/calendar")) == {"2026-03-03": ["09:00* Sent"]}


async def test_a_busy_day_is_folded(mo: Browser, desk: Desk, services: ConsoleServices) -> None:
    segment = await a_segment(desk.database, 2)
    for n in range(9):
        await _made(desk, services, f"No. {n}", segment, launch=False)
    page = await mo.see("/console/campaigns/calendar")
    assert len(_by_day(page)["2026-03-03"]) == 9
    seen, _, folded = page.partition('<details class="fold"><summary>3 more</summary>')
    assert (seen.count("<bdi>No. "), folded.count("<bdi>No. ")) == (6, 3)
    chinese = await mo.get("/console/campaigns/calendar", headers={"Accept-Language": "zh-CN"})
    assert "2026 年 3 月" in chinese.text


async def test_posts_stand_there_for_who_may_see_them(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    at = NOON.replace(day=9)
    async with desk.database.write() as session:
        for n, due_at in enumerate((at, at.replace(month=4), None)):
            row = PostRow(
                channel="x",
                account="a",
                text=f"Tea no. {n} {'is cheap ' * 20}",
                state=PostState.SCHEDULED if due_at else PostState.DRAFT,
                due_at=due_at,
                created_at=NOON,
                created_by="Kit",
                updated_at=NOON,
                updated_by="Kit",
            )
            session.add(row)
    page = await mo.see("/console/campaigns/calendar")
    ((day, (line,)),) = _by_day(page).items()
    assert (day, line[:15]) == ("2026-03-09", "21:00 Tea no. 0")
    assert len(line) < 80
    assert re.search(r'href="/console/posts/\d+"', page)
