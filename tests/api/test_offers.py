"""Offers through the API."""

from datetime import timedelta
from typing import Any

from app.wiring import Desk
from desk.access.audit import Audit, Filter
from desk.access.policy import Deed, Role
from desk.tables.offer import OfferShownRow
from tests.api.conftest import Program, Programs
from tests.conftest import NOON
from tests.talk import conversation, rows

TEA = {
    "code": "TEA-10",
    "title_en": "Tea",
    "title_zh": "茶",
    "text_en": "Ten percent off.",
    "text_zh": "九折。",
}


async def test_an_offer_is_added_changed_and_stopped(mo: Program) -> None:
    one = await mo.ask("POST", "/offers", 201, json=TEA | {"most_shown": 100})
    assert (one["id"], one["state"], one["edition"], one["most_shown"]) == (1, "active", 1, 100)
    begins = (NOON + timedelta(days=1)).isoformat()
    changed = await mo.ask(
        "PATCH", "/offers/1", json={"edition": 1, "starts_at": begins, "most_shown": None}
    )
    assert (changed["state"], changed["most_shown"], changed["text_zh"]) == (
        "planned",
        None,
        "九折。",
    )
    lost = await mo.refused("PATCH", "/offers/1", 409, "stale", json={"edition": 1})
    assert lost["current"] == changed
    edition = changed["edition"]
    stopped = await mo.ask("PATCH", "/offers/1", json={"edition": edition, "stopped": True})
    assert stopped["state"] == "stopped"
    assert await mo.ask("GET", "/offers/1") == stopped
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"title_en": None}, "title_en"),
        ({"url": "ftp://shop.example.com"}, "url"),
        ({"starts_at": begins, "ends_at": NOON.isoformat()}, "ends_at"),
        ({"stopped": "yes"}, "stopped"),
    )
    for body, said in wrong:
        more = body | {"edition": stopped["edition"]}
        found = await mo.refused("PATCH", "/offers/1", 422, "invalid", json=more)
        assert said in found["detail"]
    assert await mo.ask("GET", "/offers/1") == stopped
    await mo.refused("GET", "/offers/9", 404, "not_found")


async def test_one_offer_for_each_key_and_code(mo: Program) -> None:
    headers = {"Idempotency-Key": "tea"}
    for _ in range(2):
        assert (await mo.ask("POST", "/offers", 201, json=TEA, headers=headers))["id"] == 1
    await mo.refused("POST", "/offers", 409, "conflict", json=TEA)
    await mo.ask("POST", "/offers", 201, json=TEA | {"code": "TEA-20"})
    first = await mo.ask("GET", "/offers?limit=1")
    second = await mo.ask("GET", f"/offers?limit=1&after={first['next']}")
    codes = [page["items"][0]["code"] for page in (first, second)]
    assert (codes, second["next"]) == (["TEA-20", "TEA-10"], None)


async def test_offers_for_somebody(mo: Program, desk: Desk, talk: str) -> None:
    for n in range(4):
        await mo.ask("POST", "/offers", 201, json=TEA | {"code": f"TEA-{n}"})
    person = (await conversation(desk)).contact_id
    found = (await mo.ask("GET", f"/contacts/{person}/offers?limit=2"))["items"]
    assert len(found) == len({one["offer"]["id"] for one in found}) == 2
    assert {one["reason"] for one in found} == {"current"}
    assert all(0 <= one["score"] <= 1 for one in found)
    # Asked for, but not shown to anybody.
    assert await rows(desk, OfferShownRow) == []
    await mo.refused("GET", f"/contacts/{'0' * 32}/offers", 404, "not_found")


async def test_scopes_and_the_record(programs: Programs, mo: Program, desk: Desk) -> None:
    await mo.ask("POST", "/offers", 201, json=TEA)
    await mo.ask("PATCH", "/offers/1", json={"edition": 1, "stopped": True})
    entries = reversed(await Audit(desk.database, desk.clock).page(Filter(who="Mo")))
    found = [(one.deed, one.thing, sorted(one.detail)) for one in entries]
    assert found == [
        ("offer.change", "offer:1", ["added", "token"]),
        ("offer.change", "offer:1", ["changed", "token"]),
        ("offer.change", "offer:1", ["stopped", "token"]),
    ]
    reader = await programs(role=Role.MARKETER, scopes=(Deed.OFFER_SEE,))
    await reader.ask("GET", "/offers")
    await reader.refused("POST", "/offers", 403, "forbidden", json=TEA)
