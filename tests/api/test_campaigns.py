"""Campaigns through the API."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from app.wiring import Desk
from desk.access import audit
from desk.access.audit import Audit, Filter
from desk.access.policy import Deed, Role
from desk.errors import RetryableError
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow
from tests.api.conftest import Program, Programs
from tests.campaigns.people import campaign, contact, people, say, segment
from tests.conftest import NOON
from tests.talk import rows

TEXT = {"contents": {"en": {"text": "Hi {name|there}!"}}}


def plan(segment_id: int, **more: Any) -> dict[str, Any]:
    """Return a plan for tomorrow."""
    return {
        "segment_id": segment_id,
        "channels": ["memory"],
        "variants": [{"name": "a", "template": TEXT}],
        "schedule": {"kind": "once", "at": (NOON + timedelta(days=1)).isoformat()},
        **more,
    }


async def made(program: Program, segment_id: int, name: str = "Spring", **more: Any) -> Any:
    """Make a campaign."""
    body = {"name": name, "plan": plan(segment_id, **more)}
    return await program.ask("POST", "/campaigns", 201, json=body)


@pytest.fixture
async def five(desk: Desk) -> int:
    """Return a segment of five people, of whom one agreed no longer."""
    await people(desk.database, 5)
    await say(desk.database, contact(4), granted=False, key="no")
    return await segment(desk.database, [f"p:{contact(n)}" for n in range(5)])


async def test_from_a_draft_to_its_end(mo: Program, five: int) -> None:
    one = await made(mo, five)
    assert (one["id"], one["state"], one["edition"]) == (1, "draft", 1)
    assert one["plan"]["late"] == "4h"
    told = await mo.ask("GET", "/campaigns/1/check")
    assert (told["people"], told["queued"], told["skipped"]) == (5, 4, {"no_consent": 1})
    assert (told["lanes"][0]["people"], told["cost_micros"]) == (4, 0)
    assert told["ends_at"].startswith("2026-03-03T12:00:00")
    changed = await mo.ask(
        "PATCH", "/campaigns/1", json={"edition": 1, "plan": plan(five, holdout=0.1)}
    )
    assert (changed["edition"], changed["plan"]["holdout"]) == (2, 0.1)
    steps: tuple[tuple[str, dict[str, Any] | None, str], ...] = (
        ("launch", {"edition": 2}, "scheduled"),
        ("pause", {"reason": "a typo"}, "paused"),
        ("resume", None, "scheduled"),
        ("cancel", {}, "cancelled"),
    )
    for name, body, state in steps:
        found = await mo.ask("POST", f"/campaigns/1/{name}", json=body)
        assert found["state"] == state, name
        assert (await mo.ask("GET", "/campaigns/1"))["state"] == state
    assert found["waiting"] == 0
    await mo.refused("POST", "/campaigns/1/cancel", 409, "conflict", json={})
    await mo.refused("GET", "/campaigns/7", 404, "not_found")
    await mo.refused("GET", "/campaigns/seven", 422, "invalid")


async def test_the_second_of_two_changes_is_shown_what_is_true(mo: Program, five: int) -> None:
    await made(mo, five)
    await mo.ask("PATCH", "/campaigns/1", json={"edition": 1, "plan": plan(five, holdout=0.2)})
    late = {"edition": 1, "plan": plan(five)}
    for method, path, body in (
        ("PATCH", "/campaigns/1", late),
        ("POST", "/campaigns/1/launch", {"edition": 1}),
        ("POST", "/campaigns/1/approve", {"edition": 1}),
    ):
        lost = await mo.refused(method, path, 409, "stale", json=body)
        assert (lost["current"]["edition"], lost["current"]["plan"]["holdout"]) == (2, 0.2)


async def test_what_is_wrong_with_a_plan_is_said(mo: Program, five: int) -> None:
    for more, said in (
        ({"holdout": 2}, "holdout: Input should be less than 1"),
        ({"channels": ["a\x00b"]}, "channels[1]: String should match"),
        ({"rank": {"by": "value"}}, "rank: write either top"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ):
        body = {"name": "Spring", "plan": plan(five, **more)}
        found = await mo.refused("POST", "/campaigns", 422, "invalid", json=body)
        assert found["errors"][0]["where"] == "body.plan"
        assert said in found["errors"][0]["problem"]
    await mo.refused("POST", "/campaigns", 422, "invalid", json={"name": " ", "plan": plan(five)})


async def test_what_cannot_be_ranked_is_not_launched(mo: Program, five: int) -> None:
    await made(mo, five, rank={"by": "uplift", "top": 2})
    for method, path, body in (
        ("POST", "/campaigns/1/launch", {"edition": 1}),
        ("GET", "/campaigns/1/check", None),
    ):
        found = await mo.refused(method, path, 422, "invalid", json=body)
        assert "nothing is computed to rank by uplift" in found["detail"]


async def test_one_campaign_for_each_key(mo: Program, desk: Desk, five: int) -> None:
    body, headers = {"name": "Spring", "plan": plan(five)}, {"Idempotency-Key": "spring"}
    for _ in range(3):
        again = await mo.ask("POST", "/campaigns", 201, json=body, headers=headers)
        assert again["id"] == 1
    assert len(await rows(desk, CampaignRow)) == 1
    other = body | {"name": "Summer"}
    await mo.refused("POST", "/campaigns", 422, "key_used", json=other, headers=headers)
    found = await mo.refused("POST", "/campaigns", 409, "conflict", json=body)
    assert "already" in found["detail"]
    await mo.ask("POST", "/campaigns", 201, json=other)
    change = {"edition": 1, "plan": plan(five)}
    found = await mo.refused(
        "PATCH", "/campaigns/1", 409, "conflict", json=change | {"name": "Summer"}
    )
    assert "already" in found["detail"]
    found = await mo.ask("PATCH", "/campaigns/1", json=change | {"name": "Winter"})
    assert found["name"] == "Winter"
    found = await mo.ask("PATCH", "/campaigns/1", json=change | {"edition": 2})
    assert found["name"] == "Winter"


async def test_a_second_person_approves(mo: Program, programs: Programs, five: int) -> None:
    await made(mo, five)
    await mo.refused("POST", "/campaigns/1/approve", 403, "forbidden", json={"edition": 1})
    kit = await programs(name="Kit", role=Role.MARKETER)
    found = await kit.ask("POST", "/campaigns/1/approve", json={"edition": 1})
    assert found["approved_by"] == "Kit"


async def test_scopes_and_roles(programs: Programs, mo: Program, five: int) -> None:
    await made(mo, five)
    reader = await programs(role=Role.MARKETER, scopes=(Deed.CAMPAIGN_SEE,))
    assert (await reader.ask("GET", "/campaigns/1"))["name"] == "Spring"
    body = {"edition": 1}
    await reader.refused("POST", "/campaigns/1/launch", 403, "forbidden", json=body)
    agent = await programs(role=Role.AGENT)
    await agent.refused("GET", "/campaigns", 403, "forbidden")


async def test_lists_come_in_pages(mo: Program, desk: Desk, five: int) -> None:
    for name in ("A", "B", "C"):
        await made(mo, five, name)
    await mo.ask("POST", "/campaigns/2/launch", json={"edition": 1})

    async def names(query: str) -> list[str]:
        return [one["name"] for one in (await mo.ask("GET", f"/campaigns?{query}"))["items"]]

    assert await names("") == ["C", "B", "A"]
    assert await names("state=scheduled") == ["B"]
    page = await mo.ask("GET", "/campaigns?limit=2")
    assert await names(f"limit=2&after={page['next']}") == ["A"]
    await mo.refused("GET", "/campaigns?state=asleep", 422, "invalid")
    await mo.refused("GET", "/campaigns?after=x", 422, "invalid")
    run = await campaign(desk.database, 5, name="D")
    async with desk.database.write() as session:
        written = plans.read(plan(five)).written()
        await session.execute(update(CampaignRow).filter_by(name="D").values(plan=written))
    (one,) = (await mo.ask("GET", "/campaigns/4/runs"))["items"]
    assert (one["id"], one["audience"], one["counts"]) == (run, 5, {"queued": 5})
    got = []
    after = ""
    while True:
        page = await mo.ask("GET", f"/campaigns/4/recipients?state=queued&limit=2{after}")
        got += [row["contact_id"] for row in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert got == [contact(n) for n in range(5)]
    assert (await mo.ask("GET", "/campaigns/4/recipients?state=sent"))["items"] == []
    assert (await mo.ask("GET", f"/campaigns/4/recipients?run_id={run + 1}"))["items"] == []
    assert (await mo.ask("GET", "/campaigns/1/recipients"))["items"] == []
    await mo.refused("GET", "/campaigns/9/recipients", 404, "not_found")
    await mo.refused("GET", "/campaigns/9/runs", 404, "not_found")


async def test_what_came_of_it(mo: Program, desk: Desk, five: int) -> None:
    run = await campaign(desk.database, 5, name="D")
    async with desk.database.write() as session:
        written = plans.read(plan(five)).written()
        for table in (CampaignRow, CampaignRunRow):
            await session.execute(update(table).values(plan=written))
        sent = update(CampaignRecipientRow).values(state="sent", sent_at=NOON, due_at=NOON)
        await session.execute(sent.where(CampaignRecipientRow.contact_id != contact(0)))
    found = await mo.ask("GET", "/campaigns/1/results")
    assert (found["total"]["audience"], found["total"]["sent"]) == (5, 4)
    (line,) = found["by"]["variant"]
    assert (line["key"], line["counts"]["sent"], found["lifts"]) == ("a", 4, [])
    assert (await mo.ask("GET", f"/campaigns/1/results?run_id={run}"))["total"] == found["total"]
    await mo.refused("GET", "/campaigns/9/results", 404, "not_found")


async def test_each_change_stands_in_the_record_or_is_not_made(
    mo: Program, desk: Desk, five: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(mo, five)
    await mo.ask("POST", "/campaigns/1/launch", json={"edition": 1})
    await mo.ask("POST", "/campaigns/1/pause", json={})
    entries = reversed(await Audit(desk.database, desk.clock).page(Filter(who="Mo")))
    assert [(one.deed, one.thing, one.detail["did"]) for one in entries] == [
        ("campaign.change", "campaign:1", "created"),
        ("campaign.run", "campaign:1", "launched"),
        ("campaign.run", "campaign:1", "paused"),
    ]

    async def full(session: AsyncSession, **_: Any) -> None:
        raise RetryableError("the disk is full")

    monkeypatch.setattr(audit, "note", full)
    await mo.refused("POST", "/campaigns/1/resume", 503, "later")
    assert (await mo.ask("GET", "/campaigns/1"))["state"] == "paused"
