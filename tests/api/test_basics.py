"""What holds for every address: tokens, scopes, problems, limits, pages, the reference."""

import json
import re

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from app.wiring import Desk
from console.api.application import build, mount, operations
from console.api.door import LARGEST_BODY, Operation
from console.api.problems import CODES
from desk.access.policy import Deed, Kind, Principal, Role, allows
from tests.api.conftest import HOST, Program, Programs, api_services, token_of
from tests.talk import says

ID = "0" * 32


def _paths(one: Operation) -> str:
    return one.path.replace("{id}", ID).replace("{number}", "T-000001")


async def test_without_a_token_nothing(desk: Desk) -> None:
    app = Starlette(routes=mount(api_services(desk)))
    seen = 0
    async with Program(transport=httpx.ASGITransport(app=app), base_url=HOST) as program:
        for one in operations(api_services(desk)):
            for headers in (
                {},
                {"Authorization": "Bearer nonsense"},
                {"Authorization": "Basic x"},
            ):
                found = await program.refused(
                    one.method, _paths(one), 401, "no_token", headers=headers
                )
                assert "Bearer" in found["detail"]
                seen += 1
    assert seen == 3 * 42


@pytest.mark.parametrize("role", Role)
async def test_every_role_and_scope_is_held_to_the_policy(
    desk: Desk, programs: Programs, role: Role
) -> None:
    everything, nothing = (
        await programs(role=role),
        await programs(role=role, scopes=(Deed.AUDIT_SEE,)),
    )
    principal = Principal(id="x", name="Mo", role=role, kind=Kind.PROGRAM, scopes=frozenset(Deed))
    let_in = set()
    for one in operations(api_services(desk)):
        answer = await everything.request(one.method, f"/api/v1{_paths(one)}", json={})
        assert (answer.status_code != 403) is allows(principal, one.deed), one.name
        if answer.status_code != 403:
            let_in.add(one.name)
        await nothing.refused(one.method, _paths(one), 403, "forbidden", json={})
    assert "list_tickets" in let_in
    assert ("open_ticket" in let_in) is (role in (Role.AGENT, Role.MANAGER, Role.ADMIN))


async def test_what_is_wrong_is_said_in_words(mo: Program, talk: str) -> None:
    path = f"/conversations/{talk}/notes"
    found = await mo.refused("POST", path, 422, "invalid", json={"text": "", "colour": "red"})
    assert [one["where"] for one in found["errors"]] == ["body.text", "body.colour"]
    for text in ("a\x00b", "x" * 8_001, None, 7):
        found = await mo.refused("POST", path, 422, "invalid", json={"text": text})
        assert found["errors"][0]["where"] == "body.text"
    for body, code, status in (
        (b'{"text": "\\ud800"}', "invalid", 422),
        (b'{"text": "a", "\\ud800": 1}', "invalid", 422),
        (b"{", "bad_json", 400),
        (b"\xff\xfe", "bad_json", 400),
        (b"[" * 50_000, "bad_json", 400),
        (b"", "invalid", 422),
        (b"null", "invalid", 422),
        (b"x" * (LARGEST_BODY + 1), "too_large", 413),
    ):
        headers = {"Content-Type": "application/json"}
        await mo.refused("POST", path, status, code, content=body, headers=headers)
    await mo.refused("POST", path, 415, "media_type", data={"text": "a"})
    await mo.refused("GET", "/conversations/none", 422, "invalid")
    await mo.refused("GET", "/conversations/a%00b", 422, "invalid")
    await mo.refused("GET", f"/conversations/{ID}", 404, "not_found")
    await mo.refused("GET", "/nowhere", 404, "not_found")
    await mo.refused("DELETE", "/tickets", 405, "method")
    await mo.refused("GET", "/tickets?colour=red", 422, "invalid")
    await mo.refused("GET", "/tickets?after=%00", 422, "invalid")
    await mo.refused("GET", "/tickets?after=zzz", 422, "invalid")
    await mo.refused("GET", "/feedback?after=999999999999999999999", 422, "invalid")
    await mo.refused("GET", "/feedback?since=0001-01-01T00:00:00%2B14:00", 422, "invalid")
    await mo.refused("GET", "/feedback?since=2026-03-02T12:00:00", 422, "invalid")


async def test_who_asks_too_fast_is_told_when_to_come_again(desk: Desk) -> None:
    app = Starlette(routes=mount(api_services(desk, rate="3/minute")))
    tokens = [await token_of(desk, name=name) for name in ("A", "B")]
    first, second = ({"Authorization": f"Bearer {token}"} for token in tokens)
    async with Program(transport=httpx.ASGITransport(app=app), base_url=HOST) as program:
        left = []
        for _ in range(3):
            answer = await program.get("/api/v1/agents", headers=first)
            assert answer.headers["ratelimit-policy"] == '"api";q=3;w=60'
            left.append(re.match(r'"api";r=(\d);t=\d+', answer.headers["ratelimit"]))
        assert [found and found[1] for found in left] == ["2", "1", "0"]
        await program.refused("GET", "/agents", 429, "too_fast", headers=first)
        answer = await program.get("/api/v1/agents", headers=first)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert (await program.get("/api/v1/agents", headers=second)).status_code == 200


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT 1", {}, OSError("away")), ConnectionRefusedError("away")]
)
async def test_a_database_that_is_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    services, struck = api_services(desk), 0

    async def away(*_: object, **__: object) -> None:
        nonlocal struck
        struck += 1
        raise error

    monkeypatch.setattr(services.listing, "agents", away)
    app = Starlette(routes=mount(services))
    headers = {"Authorization": f"Bearer {await token_of(desk)}"}
    async with Program(transport=httpx.ASGITransport(app=app), base_url=HOST) as program:
        found = await program.refused("GET", "/agents", 503, "later", headers=headers)
        answer = await program.get("/api/v1/agents", headers=headers)
    assert "away" not in str(found)
    assert (answer.headers["retry-after"], struck) == ("2", 2)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_show_everything_once(desk: Desk, mo: Program, limit: int) -> None:
    for number in range(5):
        await says(desk, "hello", f"c{number}")
        await mo.ask("POST", "/contacts", 201, json={"email": f"c{number}@example.com"})
    for path, count in (("/conversations", 5), ("/contacts", 10)):
        seen: list[str] = []
        after = ""
        while True:
            page = await mo.ask("GET", f"{path}?limit={limit}{after}")
            assert len(page["items"]) <= limit
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)) == count
        assert seen == sorted(seen, reverse=True)


def _statuses(document: dict[str, object]) -> set[str]:
    return set(re.findall(r'"(\d{3})": \{"description"', json.dumps(document)))


async def test_the_document_and_its_page(desk: Desk, mo: Program) -> None:
    document = await mo.ask("GET", "/openapi.json")
    assert document == build(api_services(desk)).openapi()
    assert {str(int(status)) for status, _ in CODES.values()} - _statuses(document) == {"405"}
    page = (await mo.get("/api/v1/docs")).text
    for one in operations(api_services(desk)):
        assert f'<article id="{one.name}">' in page
        assert f"/api/v1{one.path}" in page
    for code in CODES:
        assert f'id="{code}"' in page
    assert not re.findall(r'(?:src|href)="(?!#|/api/v1/)', page)
    assert "<script" not in page
    assert "style=" not in page
    style = await mo.get("/api/v1/docs.css")
    assert style.headers["content-type"].startswith("text/css")
