"""The list of feedback, and the page on which customers rate by a link."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from app.wiring import Desk
from console.pages import rate
from console.pages.rate import RatePages
from desk.clock import StoppedClock
from desk.feedback.links import SurveyLinks
from desk.tables.feedback import FeedbackRow
from tests.conftest import SECRET
from tests.console.conftest import HOST, Browser
from tests.world import Talk, World

_DAY = timedelta(days=1)


@pytest.fixture
def world(desk: Desk, clock: StoppedClock) -> World:
    return World(desk.database, clock)


@pytest.fixture
def links(clock: StoppedClock) -> SurveyLinks:
    return SurveyLinks(SECRET, public_url=HOST, clock=clock)


@pytest.fixture
async def customer(desk: Desk, links: SurveyLinks) -> AsyncIterator[httpx.AsyncClient]:
    """Return the browser of somebody who got a link."""
    pages = RatePages(
        feedback=desk.feedback,
        links=links,
        clock=desk.clock,
        shop=lambda language: {"zh": "小店"}.get(language, "Shop"),
    )
    app = Starlette(routes=rate.routes(pages))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=True), base_url=HOST
    ) as client:
        yield client


async def _asked(desk: Desk, world: World, **talk: str) -> tuple[Talk, FeedbackRow]:
    found = await world.talk(**talk)
    await world.resolve(found, agent="Mo")
    assert await desk.feedback.survey(conversation_id=found.id, key=f"s{found.id}")
    return found, (await world.rows(FeedbackRow))[-1]


async def _row(world: World) -> FeedbackRow:
    (row,) = await world.rows(FeedbackRow)
    assert isinstance(row, FeedbackRow)
    return row


async def test_an_empty_list_says_what_will_be_there(mo: Browser) -> None:
    page = await mo.see("/console/feedback")
    assert "Nothing here yet" in page
    assert "customers are asked how it went" in page
    assert "Nothing fits these filters" in await mo.see("/console/feedback?kind=nps")


async def test_it_shows_what_was_said(mo: Browser, desk: Desk, world: World) -> None:
    talk, row = await _asked(desk, world)
    await desk.feedback.rate(row.id, score=1, comment="<script>alert(1)</script>", key="k")
    async with desk.database.write() as session:
        kept = await session.get_one(FeedbackRow, row.id)
        kept.mood, kept.comment_topic = -0.7, "complaint"
    page = await mo.see("/console/feedback")
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;" in page
    assert f'href="/console/conversations/{talk.id}"' in page
    for words in ('href="/console/tickets/T-000001"', "Mo", "upset", "Complaint", "100%"):
        assert words in page
    chinese = await mo.get("/console/feedback", headers={"Accept-Language": "zh"})
    assert "客户反馈" in chinese.text
    assert "1 次询问，1 次回答" in chinese.text


async def test_filters_and_tabs(mo: Browser, desk: Desk, world: World) -> None:
    for number, score in enumerate((1, 5)):
        _, row = await _asked(desk, world, channel=("webchat", "memory")[number])
        await desk.feedback.rate(row.id, score=score, comment=f"comment {score}", key="k")
    for query, shown in (
        ("", {"comment 1", "comment 5"}),
        ("?show=low", {"comment 1"}),
        ("?show=open", {"comment 1"}),
        ("?show=commented", {"comment 1", "comment 5"}),
        ("?score=5", {"comment 5"}),
        ("?channel=memory", {"comment 5"}),
        ("?kind=nps", set()),
        ("?agent=Kit", set()),
        ("?since=2026-03-03", set()),
        ("?until=2026-03-02&since=2026-03-02", {"comment 1", "comment 5"}),
        # What makes no sense is left out.
        ("?kind=joy&score=-1&since=never&before=x", {"comment 1", "comment 5"}),
    ):
        page = await mo.see(f"/console/feedback{query}")
        assert {words for words in ("comment 1", "comment 5") if words in page} == shown, query


async def test_pages(mo: Browser, desk: Desk, world: World) -> None:
    for _ in range(51):
        await _asked(desk, world)
    first = await mo.see("/console/feedback?agent=Mo")
    assert first.count("/console/conversations/") == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = await mo.see(older[1].replace("&amp;", "&"))
    assert second.count("/console/conversations/") == 1
    assert 'rel="prev"' in second
    assert "agent=Mo" in older[1]


async def test_strangers_see_nothing(stranger: Browser) -> None:
    response = await stranger.get("/console/feedback")
    assert response.status_code == 303
    assert "sign-in" in response.headers["location"]


async def test_looking_never_rates(
    customer: httpx.AsyncClient, desk: Desk, world: World, links: SurveyLinks, clock: StoppedClock
) -> None:
    _, row = await _asked(desk, world)
    path = links.url(row.id, clock() + _DAY, 4)
    for method in ("GET", "HEAD", "GET"):
        response = await customer.request(method, path)
        assert response.status_code == 200
    page = await customer.get(path)
    assert re.search(r'value="4" required checked', page.text)
    assert "Mo" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in page.text
    assert (await _row(world)).score is None
    assert await world.events("feedback.scored") == []


async def test_sending_rates_once(
    customer: httpx.AsyncClient, desk: Desk, world: World, links: SurveyLinks, clock: StoppedClock
) -> None:
    _, row = await _asked(desk, world)
    path = links.url(row.id, clock() + _DAY)
    for _ in range(3):
        done = await customer.post(path, data={"score": "4", "comment": "Quick"})
        assert done.status_code == 200
        assert "You gave 4 of 5" in done.text
    kept = await _row(world)
    assert (kept.score, kept.comment) == (4, "Quick")
    assert len(await world.events("feedback.scored")) == 1
    await customer.post(path, data={"score": "2", "comment": ""})
    assert (await _row(world)).score == 2
    assert (await desk.feedback.csat()).answered == 1
    clock.advance(_DAY - timedelta(seconds=1))
    assert "Change rating" in (await customer.get(path)).text


async def test_after_a_day_it_stands(
    customer: httpx.AsyncClient, desk: Desk, world: World, links: SurveyLinks, clock: StoppedClock
) -> None:
    _, row = await _asked(desk, world)
    path = links.url(row.id, clock() + 3 * _DAY)
    await customer.post(path, data={"score": "4"})
    clock.advance(_DAY)
    late = await customer.post(path, data={"score": "1"})
    assert "rating of 4 of 5 stands" in late.text
    assert (await _row(world)).score == 4


@pytest.mark.parametrize("score", ["", "0", "6", "10", "-1", "4.5", "４", "4'--", "NaN", "999999"])
async def test_what_is_no_score_is_not_kept(
    customer: httpx.AsyncClient,
    desk: Desk,
    world: World,
    links: SurveyLinks,
    clock: StoppedClock,
    score: str,
) -> None:
    _, row = await _asked(desk, world)
    path = links.url(row.id, clock() + _DAY)
    response = await customer.post(path, data={"score": score, "comment": "kept & shown"})
    assert response.status_code == 422
    assert "Please choose a score." in response.text
    assert "kept &amp; shown" in response.text
    assert (await _row(world)).score is None


async def test_bad_links_and_bodies(
    customer: httpx.AsyncClient, desk: Desk, world: World, links: SurveyLinks, clock: StoppedClock
) -> None:
    _, row = await _asked(desk, world)
    good = links.url(row.id, clock() + _DAY)
    gone = links.url(row.id + 99, clock() + _DAY)
    for path, status in (
        (good[:-1], 404),
        ("/f/x", 404),
        (gone, 404),
        (links.url(row.id, clock()), 410),
    ):
        for response in (await customer.get(path), await customer.post(path, data={"score": "4"})):
            assert response.status_code == status, path
            assert 'role="alert"' in response.text
    for body, kind, status in (
        (b"{}", "application/json", 422),
        (b"score=" + b"4" * 200_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"score=4&comment=" + b"x" * 3_000, "application/x-www-form-urlencoded", 422),
    ):
        response = await customer.post(good, content=body, headers={"Content-Type": kind})
        assert response.status_code == status, body[:20]
    assert (await _row(world)).score is None


async def test_it_speaks_the_customers_language(
    customer: httpx.AsyncClient, desk: Desk, world: World, links: SurveyLinks, clock: StoppedClock
) -> None:
    _, row = await _asked(desk, world)
    async with desk.database.write() as session:
        (await session.get_one(FeedbackRow, row.id)).language = "zh"
    path = links.url(row.id, clock() + _DAY)
    page = await customer.get(path)
    assert 'lang="zh-CN"' in page.text
    assert "上次的服务您觉得怎么样" in page.text
    assert "小店" in page.text
    english = await customer.get(f"{path}?language=en&score=3")
    assert "How did we do" in english.text
    assert 'value="3" required checked' in english.text
