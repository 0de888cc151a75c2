"""Tickets through the API."""

import asyncio
from datetime import timedelta

from app.wiring import Desk
from desk.access.policy import Deed, Role
from desk.clock import StoppedClock
from desk.tables.ticket import TicketRow
from desk.tables.webhook import ApiAnswerRow
from desk.webhooks.sweep import WebhookSweep
from tests.api.conftest import Program, Programs
from tests.talk import conversation, rows, says

NEW = {"topic": "refund", "title": "Where is my money?", "description": "Paid twice."}


async def _open(program: Program, talk: str, **more: object) -> dict[str, object]:
    found: dict[str, object] = await program.ask(
        "POST", "/tickets", 201, json=NEW | {"conversation_id": talk} | more
    )
    return found


async def test_a_ticket_is_opened_changed_and_commented_on(mo: Program, talk: str) -> None:
    ticket = await _open(mo, talk, priority="high")
    assert (ticket["number"], ticket["status"], ticket["priority"]) == ("T-000001", "new", "high")
    changed = await mo.ask(
        "PATCH",
        "/tickets/T-000001",
        json={"version": ticket["version"], "status": "open", "assignee": "Mo", "tags": ["money"]},
    )
    assert (changed["status"], changed["assignee"], changed["tags"]) == ("open", "Mo", ["money"])
    assert changed["version"] > ticket["version"]
    commented = await mo.ask(
        "POST", "/tickets/T-000001/comments", 201, json={"text": "Refunded.", "public": True}
    )
    last = commented["entries"][-1]
    assert (last["text"], last["author_name"], last["public"]) == ("Refunded.", "Mo", True)
    assert (await mo.ask("GET", "/tickets/T-000001"))["entries"] == commented["entries"]
    await mo.refused("GET", "/tickets/T-000009", 404, "not_found")
    await mo.refused("GET", "/tickets/7", 422, "invalid")


async def test_the_second_of_two_changes_is_shown_what_is_true(
    mo: Program, programs: Programs, talk: str
) -> None:
    version = (await _open(mo, talk))["version"]
    kit = await programs(name="Kit", role=Role.AGENT)
    path = "/api/v1/tickets/T-000001"
    answers = await asyncio.gather(
        mo.patch(path, json={"version": version, "priority": "urgent"}),
        kit.patch(path, json={"version": version, "priority": "low"}),
    )
    won, lost = sorted(answers, key=lambda one: one.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json()["code"] == "stale"
    assert lost.json()["current"] == won.json()
    again = {"version": lost.json()["current"]["version"], "priority": "normal"}
    assert (await mo.ask("PATCH", "/tickets/T-000001", json=again))["priority"] == "normal"
    await mo.refused("PATCH", "/tickets/T-000001", 422, "invalid", json={"priority": "low"})
    await mo.refused("PATCH", "/tickets/T-000001", 422, "invalid", json={"version": True})


async def test_a_status_that_cannot_follow(mo: Program, talk: str) -> None:
    version = (await _open(mo, talk))["version"]
    closed = await mo.ask(
        "PATCH", "/tickets/T-000001", json={"version": version, "status": "closed"}
    )
    found = await mo.refused(
        "PATCH",
        "/tickets/T-000001",
        409,
        "conflict",
        json={"version": closed["version"], "status": "pending"},
    )
    assert "T-000001" in found["detail"]


async def test_lists_are_filtered(mo: Program, talk: str) -> None:
    for topic, priority in (("refund", "low"), ("complaint", "high"), ("refund", "high")):
        await _open(mo, talk, topic=topic, priority=priority)

    async def numbers(query: str) -> list[str]:
        page = await mo.ask("GET", f"/tickets?{query}")
        return [one["number"] for one in page["items"]]

    assert await numbers("") == ["T-000003", "T-000002", "T-000001"]
    assert await numbers("topic=refund") == ["T-000003", "T-000001"]
    assert await numbers("topic=refund&priority=high&status=active") == ["T-000003"]
    assert await numbers("status=closed") == []
    assert await numbers("sort=oldest&limit=1") == ["T-000001"]
    page = await mo.ask("GET", "/tickets?limit=2")
    assert await numbers(f"limit=2&after={page['next']}") == ["T-000001"]
    await mo.refused("GET", "/tickets?status=asleep", 422, "invalid")


async def test_merging(mo: Program, desk: Desk, programs: Programs, talk: str) -> None:
    for _ in range(2):
        await _open(mo, talk)
    kit = await programs(name="Kit", role=Role.AGENT)
    into = {"into": "T-000001", "why": "twice"}
    await kit.refused("POST", "/tickets/T-000002/merge", 403, "forbidden", json=into)
    version = (await mo.ask("GET", "/tickets/T-000002"))["version"]
    await mo.ask("PATCH", "/tickets/T-000002", json={"version": version, "assignee": "Kit"})
    kept = await kit.ask("POST", "/tickets/T-000002/merge", json=into)
    assert kept["number"] == "T-000001"
    assert (await mo.ask("GET", "/tickets/T-000002"))["number"] == "T-000001"
    found = await mo.refused("PATCH", "/tickets/T-000002", 409, "merged", json={"version": 9})
    assert found["into"] == "T-000001"
    await mo.refused("POST", "/tickets/T-000001/merge", 422, "invalid", json=into)
    await says(desk, "hello", "somebody-else")
    await _open(mo, (await conversation(desk, "somebody-else")).id)
    await mo.refused("POST", "/tickets/T-000003/merge", 409, "conflict", json=into)


async def test_one_ticket_for_each_key(
    mo: Program, desk: Desk, clock: StoppedClock, talk: str
) -> None:
    body, headers = NEW | {"conversation_id": talk}, {"Idempotency-Key": "order-17"}
    asked = [mo.post("/api/v1/tickets", json=body, headers=headers) for _ in range(5)]
    answers = [one.json()["number"] for one in await asyncio.gather(*asked)]
    assert answers == ["T-000001"] * 5
    assert len(await rows(desk, TicketRow)) == 1
    # The order of the fields does not make it another request.
    turned = dict(reversed(body.items()))
    assert await mo.ask("POST", "/tickets", 201, json=turned, headers=headers)
    assert len(await rows(desk, TicketRow)) == 1
    clock.advance(timedelta(hours=23))
    assert await WebhookSweep(desk.database, clock).step() == 0
    clock.advance(timedelta(hours=2))
    second = await mo.ask("POST", "/tickets", 201, json=body, headers=headers)
    assert second["number"] == "T-000002"
    clock.advance(timedelta(hours=25))
    assert await WebhookSweep(desk.database, clock).step() == 1


async def test_what_failed_is_not_remembered(mo: Program, desk: Desk, talk: str) -> None:
    headers = {"Idempotency-Key": "k"}
    wrong = NEW | {"conversation_id": "0" * 32}
    for _ in range(2):
        await mo.refused("POST", "/tickets", 404, "not_found", json=wrong, headers=headers)
    async with desk.database.read() as session:
        assert await session.get(ApiAnswerRow, ("anybody", "k")) is None
    right = NEW | {"conversation_id": talk}
    assert await mo.ask("POST", "/tickets", 201, json=right, headers=headers)


async def test_a_token_that_may_only_read(programs: Programs, mo: Program, talk: str) -> None:
    await _open(mo, talk)
    reader = await programs(role=Role.MANAGER, scopes=(Deed.TICKET_SEE,))
    assert (await reader.ask("GET", "/tickets/T-000001"))["number"] == "T-000001"
    await reader.refused("PATCH", "/tickets/T-000001", 403, "forbidden", json={"version": 1})
