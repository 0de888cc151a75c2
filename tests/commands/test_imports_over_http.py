"""``POST /api/v1/import/{kind}``."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from pydantic import SecretStr
from sqlalchemy import func, select

from app import imports, web
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.access.policy import Deed, Role
from desk.access.tokens import Tokens
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactRow
from desk.tables.shop import OrderLineRow

TOKEN = "a-console-token-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CSV = {**BEARER, "Content-Type": "text/csv"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with the console's token."""
    return settings.model_copy(update={"console_token": SecretStr(TOKEN)})


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the web application with the import."""
    transport = httpx.ASGITransport(web.build(desk, *imports.routes(desk)))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


async def count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_contacts_as_json(client: httpx.AsyncClient, database: Database) -> None:
    rows = [
        {"name": "A. Customer", "email": "a@example.com", "language": "zh"},
        {"name": "nobody"},
        "not an object",
        {"email": "a@example.com"},
        {"email": "b@example.com", "name": "\ud800"},
        {"email": "c@example.com", "name": "a\u0000b"},
        {"email": "d@example.com", "name": 7, "phone": 15550100123},
    ]
    body = {
        "content": json.dumps({"rows": rows}),
        "headers": {**BEARER, "Content-Type": "application/json"},
    }
    answer = await client.post("/api/v1/import/contacts", **body)
    assert answer.status_code == 200
    data = answer.json()
    assert (data["accepted"], data["created"], data["unchanged"]) == (2, 2, 0)
    reasons = {found["line"]: found["reason"] for found in data["rejected"]}
    assert list(reasons) == [2, 3, 4, 5, 6]
    assert reasons[4] == "a@example.com stands on line 1 already"
    assert "NUL" in reasons[6]
    again = (await client.post("/api/v1/import/contacts", **body)).json()
    assert (again["accepted"], again["created"], again["unchanged"]) == (2, 0, 2)
    assert await count(database, ContactRow) == 2


async def test_the_shop_as_json_and_csv(client: httpx.AsyncClient, database: Database) -> None:
    csv = "\ufeffid,name,created_at\r\nc1,A,2026-01-01\r\nc2,B,never\r\n".encode()
    answer = await client.post("/api/v1/import/customers", content=csv, headers=CSV)
    assert answer.status_code == 200
    data = answer.json()
    assert (data["accepted"], data["rejected"][0]["line"]) == (1, 3)
    order = {
        "number": "10023",
        "customer_id": "c1",
        "status": "shipped",
        "placed_at": "2026-02-01",
        "total_cents": 500,
        "currency": "USD",
        "ship_name": "A",
        "ship_address": "Street 1",
        "email": "a@example.com",
        "lines": [{"sku": "S1", "name_en": "Lamp", "quantity": 1, "price": "5.00"}],
    }
    answer = await client.post("/api/v1/import/orders", json={"rows": [order]}, headers=BEARER)
    assert answer.json()["accepted"] == 1
    assert answer.json()["unchanged"] is None
    assert await count(database, OrderLineRow) == 1


async def api_token(desk: Desk, role: Role, *scopes: Deed) -> dict[str, str]:
    """Return the headers of a program."""
    tokens = Tokens(desk.database, desk.clock)
    _, text = await tokens.make(
        name="importer", role=role, scopes=scopes, expires_at=None, by="Kim"
    )
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize(
    ("role", "scope", "kind", "status"),
    [
        (Role.MARKETER, Deed.DATA_IMPORT, "contacts", 200),
        (Role.MARKETER, Deed.DATA_IMPORT, "behaviour", 200),
        (Role.MANAGER, Deed.DATA_IMPORT, "customers", 200),
        (Role.MARKETER, Deed.DATA_IMPORT, "orders", 403),
        (Role.AGENT, Deed.DATA_IMPORT, "behaviour", 403),
        (Role.AGENT, Deed.DATA_IMPORT, "refunds", 403),
        (Role.VIEWER, Deed.DATA_IMPORT, "contacts", 403),
        (Role.MARKETER, Deed.CONTACT_CHANGE, "contacts", 403),
        (Role.ADMIN, Deed.CONTACT_CHANGE, "contacts", 403),
        (Role.ADMIN, Deed.DATA_IMPORT, "socks", 404),
    ],
)
async def test_a_token_of_the_api_may_what_its_role_and_scopes_say(
    client: httpx.AsyncClient, desk: Desk, role: Role, scope: Deed, kind: str, status: int
) -> None:
    headers = await api_token(desk, role, scope)
    answer = await client.post(f"/api/v1/import/{kind}", json={"rows": []}, headers=headers)
    assert answer.status_code == status, answer.text


async def test_a_token_that_is_revoked_imports_nothing(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    headers = await api_token(desk, Role.ADMIN, Deed.DATA_IMPORT)
    tokens = Tokens(desk.database, desk.clock)
    [row] = await tokens.list()
    await tokens.revoke(row.id, by="Kim")
    answer = await client.post("/api/v1/import/contacts", json={"rows": []}, headers=headers)
    assert answer.status_code == 401


async def test_behaviour_as_json_and_as_files(
    client: httpx.AsyncClient, database: Database
) -> None:
    people = {"rows": [{"email": "a@example.com", "gender": "robot"}]}
    answer = await client.post("/api/v1/import/contacts", json=people, headers=BEARER)
    assert answer.json()["cleaned"] == {"gender: unknown": 1}
    row = {"key": "k1", "email": "a@example.com", "name": "like", "occurred_at": "2026-02-01"}
    bad = {**row, "key": "k2", "email": "b@example.com"}
    answer = await client.post(
        "/api/v1/import/behaviour", json={"rows": [row, bad]}, headers=BEARER
    )
    data = answer.json()
    assert (data["created"], data["rejected_count"]) == (1, 1)
    assert data["rejected"] == [{"line": 2, "reason": "email: there is no 'b@example.com'"}]
    assert data["missing"] == {"channel": 1, "item": 1, "value": 1}
    lines = "\n".join(json.dumps(one) for one in (row, row | {"key": "k3"}))
    headers = {**BEARER, "Content-Type": "application/x-ndjson"}
    data = (await client.post("/api/v1/import/behaviour", content=lines, headers=headers)).json()
    assert (data["created"], data["unchanged"]) == (1, 1)
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row, row | {"key": "k4"}]), buffer)
    headers = {**BEARER, "Content-Type": "application/vnd.apache.parquet"}
    data = (
        await client.post("/api/v1/import/behaviour", content=buffer.getvalue(), headers=headers)
    ).json()
    assert (data["created"], data["unchanged"]) == (1, 1)
    assert await count(database, BehaviourRow) == 3


async def test_a_charset_is_obeyed(client: httpx.AsyncClient, database: Database) -> None:
    headers = {**BEARER, "Content-Type": "text/csv; charset=gb18030"}
    body = "email,name\nli@example.com,李\n".encode("gb18030")
    answer = await client.post("/api/v1/import/contacts", content=body, headers=headers)
    assert answer.json()["created"] == 1
    async with database.read() as session:
        assert await session.scalar(select(ContactRow.name)) == "李"
    refused = await client.post("/api/v1/import/contacts", content=body, headers=CSV)
    assert refused.status_code == 422
    assert "not utf-8-sig" in refused.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer \xfc"},
    ],
)
async def test_without_the_token_nobody_imports(
    client: httpx.AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await client.post(
        "/api/v1/import/contacts", json={"rows": [{"email": "a@example.com"}]}, headers=raw
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await count(database, ContactRow) == 0


async def test_without_a_token_in_the_settings_nobody_imports(
    settings: Settings,
    database: Database,
    dialogue: MemoryDialogue,
    memory: MemoryChannel,
    clock: StoppedClock,
) -> None:
    bare = settings.model_copy(update={"console_token": None})
    desk = build(bare, dialogue=dialogue, channels={memory.name: memory}, clock=clock)
    transport = httpx.ASGITransport(web.build(desk, *imports.routes(desk)))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.post(
            "/api/v1/import/contacts", json={"rows": []}, headers={"Authorization": "Bearer "}
        )
    await desk.close()
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("kind", "content", "content_type", "status", "reason"),
    [
        ("socks", b"{}", "application/json", 404, "choose one of: contacts, customers"),
        ("contacts", b"{}", "application/json", 422, '{"rows": [...]}'),
        ("contacts", b"[]", "application/json", 422, '{"rows": [...]}'),
        ("contacts", b"{", "application/json", 422, "not JSON"),
        ("contacts", b"[" * 100_000, "application/json", 422, "not JSON"),
        ("contacts", b"\xff", "application/json", 422, "not JSON"),
        ("contacts", b"x", "text/plain", 415, "send application/json or text/csv"),
        ("contacts", b"x", "", 415, "send application/json or text/csv"),
        ("contacts", b"", "text/csv", 422, "has no header"),
        ("contacts", b"name\nA\n", "text/csv", 422, "no column email or phone"),
        ("contacts", b"email\n", "text/csv; charset=nonsense", 422, "is not nonsense"),
    ],
)
async def test_bodies_that_are_refused(
    client: httpx.AsyncClient,
    kind: str,
    content: bytes,
    content_type: str,
    status: int,
    reason: str,
) -> None:
    answer = await client.post(
        f"/api/v1/import/{kind}", content=content, headers={**BEARER, "Content-Type": content_type}
    )
    assert answer.status_code == status
    assert reason in answer.json()["detail"]


async def test_a_body_that_is_too_large_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"email\n"
        while sent < 100:
            sent += 1
            yield b"a" * 1024 * 1024

    answer = await client.post("/api/v1/import/contacts", content=endless(), headers=CSV)
    assert answer.status_code == 413
    assert sent == 10


async def test_nothing_but_post(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/import/contacts", headers=BEARER)).status_code == 405
