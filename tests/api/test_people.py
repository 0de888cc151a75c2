"""Contacts, ratings and agents through the API."""

from app.wiring import Desk
from desk.access.policy import Role
from desk.contacts.merging import Merging
from tests.api.conftest import Program, Programs
from tests.talk import conversation, events, says

ADA = {"name": "A. L.", "email": "Ada@Example.com", "phone": "+1 (555) 0100", "language": "en"}


async def test_a_contact_is_added_and_changed(mo: Program, desk: Desk) -> None:
    made = await mo.ask("POST", "/contacts", 201, json=ADA)
    assert (made["email"], made["phone"]) == ("ada@example.com", "+15550100")
    found = await mo.refused("POST", "/contacts", 409, "known", json={"email": "ada@example.com"})
    assert found["contact_id"] == made["id"]
    await mo.refused("POST", "/contacts", 409, "known", json={"phone": "0015550100"})
    path = f"/contacts/{made['id']}"
    changed = await mo.ask("PATCH", path, json={"name": "Ada", "phone": None})
    assert (changed["name"], changed["phone"], changed["email"]) == ("Ada", None, made["email"])
    await mo.ask("PATCH", path, json={"email": "ada@example.com"})
    (event,) = await events(desk, "contact.changed")
    assert event.data == {"fields": ["name", "phone"], "by": "Mo"}
    (one,) = (await mo.ask("GET", "/contacts?email=ADA@example.com"))["items"]
    assert one == changed
    assert (await mo.ask("GET", "/contacts?phone=%2B15550100"))["items"] == []
    detail = await mo.ask("GET", path)
    assert detail["identities"] == []


async def test_contacts_that_are_refused(mo: Program) -> None:
    for wrong in (
        {},
        {"name": "Ada"},
        {"email": "none"},
        {"phone": "none"},
        {"email": "a@example.com", "language": "xx"},
        {"email": "a@example.com", "name": "a\x00"},
        {"email": "a@example.com", "vip": True},
    ):
        await mo.refused("POST", "/contacts", 422, "invalid", json=wrong)
    await mo.refused("PATCH", f"/contacts/{'0' * 32}", 404, "not_found", json={"name": "x"})


async def test_who_became_part_of_another(mo: Program, desk: Desk) -> None:
    await says(desk, "hello", "ada")
    await says(desk, "hello", "bo")
    ada, bo = await conversation(desk, "ada"), await conversation(desk, "bo")
    merging = Merging(desk.database, desk.clock)
    await merging.merge(ada.contact_id, bo.contact_id, by="Mo")
    detail = await mo.ask("GET", f"/contacts/{bo.contact_id}")
    assert detail["id"] == ada.contact_id
    assert {talk["id"] for talk in detail["conversations"]} == {ada.id, bo.id}
    assert {handle["external_id"] for handle in detail["identities"]} == {"ada", "bo"}
    assert [one["id"] for one in (await mo.ask("GET", "/contacts"))["items"]] == [ada.contact_id]
    found = await mo.refused(
        "PATCH", f"/contacts/{bo.contact_id}", 409, "conflict", json={"name": "Bo"}
    )
    assert ada.contact_id in found["detail"]


async def test_ratings(mo: Program, desk: Desk, talk: str) -> None:
    await desk.feedback.record(conversation_id=talk, score=2, key="k1")
    (one,) = (await mo.ask("GET", "/feedback?kind=csat"))["items"]
    assert (one["score"], one["conversation_id"], one["kind"]) == (2, talk, "csat")
    assert (await mo.ask("GET", "/feedback?since=2026-03-02T12:00:00Z"))["items"] == [one]
    assert (await mo.ask("GET", "/feedback?until=2026-03-02T13:00:00%2B01:00"))["items"] == []
    assert (await mo.ask("GET", "/feedback?kind=nps"))["items"] == []


async def test_agents(mo: Program, desk: Desk, programs: Programs) -> None:
    kim = await desk.agents.add(name="Kim", team="refunds")
    await desk.agents.add(name="Lee")
    page = await mo.ask("GET", "/agents?team=refunds")
    assert [one["name"] for one in page["items"]] == ["Kim"]
    own, lee = (
        await programs(name="Kim", role=Role.AGENT),
        await programs(name="Lee", role=Role.AGENT),
    )
    path = f"/agents/{kim.id}/status"
    assert (await own.ask("PUT", path, json={"status": "away"}))["status"] == "away"
    await lee.refused("PUT", path, 403, "forbidden", json={"status": "online"})
    assert (await mo.ask("PUT", path, json={"status": "online"}))["status"] == "online"
    await mo.refused("PUT", path, 422, "invalid", json={"status": "asleep"})
    missing = f"/agents/{'0' * 32}"
    await mo.refused("GET", missing, 404, "not_found")
    await mo.refused("PUT", f"{missing}/status", 404, "not_found", json={"status": "away"})
