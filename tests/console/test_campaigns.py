"""Campaigns in the console: the list, one of them while it runs, who is where, and what is done to it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from analytics.campaigns import plan
from analytics.campaigns.guards import GUARDS
from analytics.campaigns.restoring import RESTORED
from app.wiring import Desk
from console import campaign_words as words
from console.pages.campaigns import ORDER
from console.services import ConsoleServices
from console.wording import WORDS
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.tables.access import AuditRow
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignState,
    RecipientState,
    RunState,
)
from desk.tables.journey import CampaignJourneyRow, JourneyState
from tests.campaigns.people import contact
from tests.conftest import NOON
from tests.console.campaigns import a_run, a_segment, pages, planned
from tests.console.conftest import Browser
from tests.console.people import Console
from tests.talk import rows

NASTY = "<script>alert(1)</script>"
EVERYWHERE: dict[tuple[str, str | None], int] = {
    ("sent", None): 40,
    ("delivered", None): 20,
    ("read", None): 10,
    ("queued", None): 15,
    ("claimed", None): 3,
    ("sending", None): 2,
    ("failed", "blocked by the user"): 4,
    ("unknown", None): 1,
    ("skipped", "no_consent"): 3,
    ("skipped", "missing: city"): 1,
    ("holdout", None): 1,
}


@pytest.fixture
def services(services: ConsoleServices, desk: Desk, clock: StoppedClock) -> ConsoleServices:
    """Return the console's collaborators with those of campaigns."""
    return replace(
        services,
        segments=desk.insight.segments,
        campaigns=pages(desk.database, clock, desk.insight.segments),
    )


@pytest.fixture
async def ann(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    """Return the browser of a marketer called Ann."""
    async with Console(desk, services).signed_in("Ann", Role.MARKETER) as browser:
        yield browser


async def _made(desk: Desk, services: ConsoleServices, people: int = 5, **more: object) -> int:
    assert services.campaigns
    segment = await a_segment(desk.database, people)
    decided = planned(segment, **more)
    return (await services.campaigns.campaigns.create(f"Spring {NASTY}", decided, by="Kit")).id


def test_every_state_is_told() -> None:
    assert set(ORDER) == set(RecipientState)
    states = {f"campaigns.recipient.{one}" for one in RecipientState}
    states |= {f"campaigns.state.{one}" for one in (*CampaignState, *RunState)}
    states |= {f"campaigns.why.{guard.name}" for guard in GUARDS}
    assert states - WORDS.keys() == set()


async def test_no_campaigns_yet(mo: Browser) -> None:
    page = await mo.see("/console/campaigns")
    assert "No campaigns yet" in page
    assert 'href="/console/campaigns/new"' in page
    assert 'href="/console/campaigns" title="Campaigns" aria-current="page"' in page


async def test_the_list_says_state_audience_and_what_was_sent(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services, 100)
    page = await mo.see("/console/campaigns")
    assert NASTY not in page
    assert "Tea drinkers" in page
    assert "Once, on 3 March 2026 at 12:00 (UTC)" in page
    await a_run(desk.database, made, EVERYWHERE)
    page = await mo.see("/console/campaigns?state=running")
    assert re.findall(r'<td class="right"[^>]*>(\d+)</td>', page) == ["100", "70"]
    assert "No campaigns in this state" in await mo.see("/console/campaigns?state=draft")
    assert "Spring" in await mo.see("/console/campaigns?state=nonsense")


async def test_many_campaigns_are_listed_page_by_page(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    assert services.campaigns
    segment = await a_segment(desk.database, 1)
    for n in range(27):
        await services.campaigns.campaigns.create(f"No. {n}", planned(segment), by="Kit")
    first = await mo.see("/console/campaigns")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    rest = await mo.see(older.replace("&amp;", "&"))
    named = [re.findall(r"<bdi>(No\. \d+)</bdi>", page) for page in (first, rest)]
    assert (len(named[0]), named[1]) == (25, ["No. 1", "No. 0"])


async def test_where_a_run_stands_sums_to_its_audience(
    mo: Browser, desk: Desk, services: ConsoleServices, clock: StoppedClock
) -> None:
    made = await _made(desk, services, 100)
    assert "It has not gone out yet" in await mo.see(f"/console/campaigns/{made}")
    await a_run(desk.database, made, EVERYWHERE, not_before=NOON + timedelta(hours=3))
    clock.advance(timedelta(seconds=70))
    page = await mo.see(f"/console/campaigns/{made}")
    (table,) = re.findall(r"Where they are.*?</table>", page, re.DOTALL)
    counts = [int(n) for n in re.findall(r'<td class="right">(\d+)</td>', table)]
    assert (sum(counts[:-1]), counts[-1]) == (100, 100)
    assert "80 of 100 done" in page
    # 75 were tried in 70 seconds, and the last of the others is due at three.
    assert "1 a second" in page
    assert "on average since it began" in page
    assert '<time datetime="2026-03-02T15:00:00+00:00"' in page
    for told in ("has not agreed", "nothing known for: city"):
        assert told in page
    assert NASTY not in page


async def test_a_speed_is_measured_between_looks(
    mo: Browser, desk: Desk, services: ConsoleServices, clock: StoppedClock
) -> None:
    made = await _made(desk, services, 100)
    run = await a_run(desk.database, made, {("queued", None): 90, ("sent", None): 10})
    here = f"/console/campaigns/{made}"
    assert "not known yet" in await mo.see(here)
    clock.advance(timedelta(seconds=10))
    await _send(desk, run, 20)
    page = await mo.see(here)
    assert "2 a second" in page
    assert "over the last minute" in page
    # 70 are left, at two a second.
    assert '<time datetime="2026-03-02T12:00:45+00:00"' in page


async def _send(desk: Desk, run_id: int, count: int) -> None:
    async with desk.database.write() as session:
        query = select(CampaignRecipientRow).filter_by(run_id=run_id, state=RecipientState.QUEUED)
        for row in (await session.scalars(query.limit(count))).all():
            row.state = RecipientState.SENT


async def test_who_failed_and_who_is_unknown_is_listed(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services, 100)
    run = await a_run(
        desk.database,
        made,
        {("failed", f"blocked {NASTY}"): 60, ("unknown", None): 1, ("skipped", "no_consent"): 2},
    )
    here = f"/console/campaigns/{made}/people?run={run}"
    first = await mo.see(f"{here}&state=failed")
    assert NASTY not in first
    (next_,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = await mo.see(next_.replace("&amp;", "&"))
    named = [re.findall(r"<bdi>(C\. \d+)</bdi>", page) for page in (first, second)]
    assert [len(names) for names in named] == [50, 10]
    assert len({*named[0], *named[1]}) == 60
    unknown = await mo.see(f"{here}&state=unknown")
    assert "never sent again by themselves" in unknown
    assert "<bdi>C. 60</bdi>" in unknown
    assert "has not agreed" in await mo.see(f"{here}&state=skipped&reason=no_consent")
    assert "Nobody." in await mo.see(f"{here}&state=skipped&reason=complaint")


async def test_what_is_not_there_is_not_found(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services)
    other = await a_run(desk.database, made, {("sent", None): 1})
    for path in (
        "999",
        f"{2**70}",
        "999/live",
        "999/launch",
        "999/cancel",
        f"{made}?run=999",
        f"{made}/live?run=999",
        f"{made}/people?run={other}&state=nonsense",
        f"{made}/people?state=failed",
    ):
        assert (await mo.get(f"/console/campaigns/{path}")).status_code == 404, path
    page = await mo.see(f"/console/campaigns/{made}/people?run={other + 7}&state=sent")
    assert "Nobody." in page
    for move in ("launch", "approve", "pause", "resume", "cancel", "copy"):
        done = await mo.submit(f"/console/campaigns/999/{move}", edition="1")
        assert done.status_code == 404, move


async def test_a_launch_asks_first_and_says_who_would_get_it(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services, 5, holdout=0.4)
    here = f"/console/campaigns/{made}"
    page = await mo.see(f"{here}/launch")
    getting, held = re.findall(r"<dd><b>(\d+)</b></dd>", page)
    assert int(getting) + int(held) == 5
    done = await mo.submit(f"{here}/launch", edition="1")
    assert done.headers["location"] == f"{here}?said=launched"
    page = await mo.see(f"{here}?said=launched")
    assert "Launched. It goes out at its time." in page
    assert ">scheduled</span>" in page
    assert (await mo.get(f"{here}/launch")).headers["location"] == here
    again = await mo.submit(f"{here}/launch", edition="1")
    assert again.status_code == 409
    assert "this campaign is scheduled now. Nothing was done." in again.text


async def test_what_was_changed_meanwhile_is_not_launched_or_approved(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services, 40)
    assert services.campaigns
    campaigns = services.campaigns.campaigns
    one = await campaigns.get(made)
    await campaigns.change(made, one.plan, edition=1, by="Kit")
    for move in ("launch", "approve"):
        for edition in ("1", "", "x"):
            done = await mo.submit(f"/console/campaigns/{made}/{move}", edition=edition)
            assert done.status_code == 409
            assert "Somebody else has changed this campaign" in done.text
    (row,) = await rows(desk, CampaignRow)
    assert (row.state, row.approved_by) == ("draft", None)


async def test_a_large_one_needs_two_people(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services, 31)
    here = f"/console/campaigns/{made}"
    refused = await mo.submit(f"{here}/launch", edition="1")
    assert refused.status_code == 403
    assert "second pair of eyes" in refused.text
    async with Console(desk, services).signed_in("Kit", Role.MARKETER) as kit:
        page = await kit.see(here)
        assert "You wrote it, so you cannot approve it." in page
        assert f'action="{here}/approve"' not in page
        own = await kit.submit(f"{here}/approve", edition="1")
        assert "Who wrote a campaign cannot approve it" in own.text
        assert f'action="{here}/approve"' in await mo.see(here)
        assert (await mo.submit(f"{here}/approve", edition="1")).status_code == 303
        mine = await mo.submit(f"{here}/launch", edition="1")
        assert mine.status_code == 403
        assert (await kit.submit(f"{here}/launch", edition="1")).status_code == 303
    (row,) = await rows(desk, CampaignRow)
    assert (row.state, row.approved_by, row.launched_by) == ("scheduled", "Mo", "Kit")


async def test_it_is_paused_gone_on_with_and_cancelled(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services)
    await a_run(desk.database, made, {("queued", None): 3, ("sent", None): 2})
    here = f"/console/campaigns/{made}"
    assert (await mo.submit(f"{here}/pause", reason=f"a typo {NASTY}")).status_code == 303
    page = await mo.see(f"{here}?said=paused")
    assert "It stands still: a typo &lt;script" in page
    assert (await mo.submit(f"{here}/pause")).status_code == 409
    assert (await mo.submit(f"{here}/resume")).status_code == 303
    assert "3 people still wait for it." in await mo.see(f"{here}/cancel")
    done = await mo.submit(f"{here}/cancel", reason="wrong shop")
    assert "3 people were still waiting" in await mo.see(done.headers["location"])
    page = await mo.see(here)
    assert "It was ended: wrong shop" in page
    assert "the campaign was cancelled" in page
    assert (await mo.submit(f"{here}/resume")).status_code == 409
    assert (await mo.get(f"{here}/cancel")).headers["location"] == here
    async with desk.database.read() as session:
        noted = (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all()
    did = [(row.thing, row.detail.get("did")) for row in noted if row.deed == "campaign.run"]
    assert did == [(f"campaign:{made}", did) for did in ("pause", "resume", "cancel")]


async def test_a_copy_is_a_draft_of_its_own(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services)
    for number in (2, 3):
        done = await mo.submit(f"/console/campaigns/{made}/copy")
        page = await mo.see(done.headers["location"])
        assert f"({number})</bdi>" in page
        assert ">draft</span>" in page
    plans = [plan.read(row.plan) for row in await rows(desk, CampaignRow)]
    assert plans == [plans[0]] * 3


async def test_only_those_may_who_may(
    desk: Desk, services: ConsoleServices, stranger: Browser
) -> None:
    made = await _made(desk, services)
    here = f"/console/campaigns/{made}"
    async with Console(desk, services).signed_in("Vic", Role.AGENT) as vic:
        assert "/console/campaigns" not in await vic.see("/console/overview")
        for path in ("", "/launch", "/cancel", "/people?run=1&state=failed", "/live", "/events"):
            assert (await vic.get(f"{here}{path}")).status_code == 403, path
        for move in ("launch", "approve", "pause", "resume", "cancel", "copy"):
            assert (await vic.submit(f"{here}/{move}", edition="1")).status_code == 403, move
    forged = await stranger.post(f"{here}/launch", data={"edition": "1"})
    assert forged.headers["location"].startswith("/console/sign-in")
    (row,) = await rows(desk, CampaignRow)
    assert row.state == "draft"


async def test_a_page_is_told_what_changed(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(desk, services)
    run = await a_run(desk.database, made, {("queued", None): 3, ("sent", None): 2})
    page = await mo.see(f"/console/campaigns/{made}")
    (version,) = re.findall(r'data-version="([^"]+)"', page)
    here = f"/console/campaigns/{made}/live"
    assert (await mo.get(here, params={"version": version})).json()["regions"] is None
    await _send(desk, run, 3)
    news = (await mo.get(here, params={"version": version})).json()["regions"]
    assert list(news) == ["progress"]
    assert "5 of 5 done" in news["progress"]


async def test_in_chinese(mo: Browser, desk: Desk, services: ConsoleServices) -> None:
    made = await _made(desk, services, 100, holdout=0.1)
    await a_run(desk.database, made, EVERYWHERE, state=RunState.PAUSED)
    chinese = {"Accept-Language": "zh-CN"}
    page = (await mo.get(f"/console/campaigns/{made}", headers=chinese)).text
    for told in ("营销活动", "已暂停", "未同意接收", "一次：2026 年 3 月 3 日", "10% 的客户"):
        assert told in page, told
    assert "一次：" in (await mo.get("/console/campaigns", headers=chinese)).text


async def test_each_time_it_went_out_is_listed(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    made = await _made(
        desk, services, schedule={"kind": "recurring", "cron": "0 9 * * *", "zone": "UTC"}
    )
    ids = []
    for day in range(22):
        at = NOON - timedelta(days=30 - day)
        run = await a_run(
            desk.database,
            made,
            {("sent", None): 1},
            state=RunState.FINISHED,
            due_at=at,
            occurrence=at.date().isoformat(),
        )
        ids.append(run)
    here = f"/console/campaigns/{made}"
    first = await mo.see(here)
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = await mo.see(older)
    listed = [
        [int(n) for n in re.findall(rf'href="{here}\?run=(\d+)" data-row', page)]
        for page in (first, second)
    ]
    assert listed == [ids[:1:-1], ids[1::-1]]
    assert 'aria-current="true"' in await mo.see(f"{here}?run={ids[-1]}")


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        ("too many errors", "too many errors. Look", "错误过多"),
        (RESTORED, "the database was restored. Let it go on", "数据库已恢复"),
        ("12 of 300 people opted out: more than it may be", "12 of 300", "300 人中有 12 人退订"),
        ("a typo", "a typo", "a typo"),
        ("", "", ""),
    ],
)
def test_why_it_stands_still_is_told(reason: str, english: str, chinese: str) -> None:
    assert words.standing(reason, "en").startswith(english)
    assert words.standing(reason, "zh").startswith(chinese)


async def test_who_is_on_their_way_is_told(
    mo: Browser, desk: Desk, services: ConsoleServices
) -> None:
    start = {"kind": "after_event", "event": "order.placed", "delay": "1d"}
    made = await _made(desk, services, schedule=start)
    async with desk.database.write() as session:
        for n, state in enumerate(
            (JourneyState.WAITING, JourneyState.WAITING, JourneyState.ENDED)
        ):
            row = CampaignJourneyRow(
                campaign_id=made,
                person_id=f"p:{contact(n)}",
                occurrence=f"event {n}",
                state=state,
                since=NOON,
                due_at=NOON,
                reason="no_consent" if state is JourneyState.ENDED else None,
            )
            session.add(row)
    page = await mo.see(f"/console/campaigns/{made}")
    (table,) = re.findall(r"People on their way.*?</table>", page, re.DOTALL)
    assert re.findall(r'<th scope="row">(.*?)</th><td class="right">(\d+)', table) == [
        ("on their way", "2"),
        ("has not agreed", "1"),
        ("Everybody", "3"),
    ]
