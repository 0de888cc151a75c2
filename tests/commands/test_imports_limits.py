"""How much and how fast the API takes in, and what the record says of it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from sqlalchemy import func, select

from app import imports, web
from app.wiring import Desk
from desk.access.policy import Deed, Role
from desk.access.tokens import Tokens
from desk.tables.access import AuditRow
from desk.tables.contact import ContactRow

PEOPLE = "/api/v1/import/contacts"
PARQUET = "application/vnd.apache.parquet"


async def _client(desk: Desk, rate: str = imports.RATE) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(web.build(desk, *imports.routes(desk, rate=rate)))
    return httpx.AsyncClient(transport=transport, base_url="http://desk")


async def _token(desk: Desk, name: str = "importer") -> dict[str, str]:
    tokens = Tokens(desk.database, desk.clock)
    _, text = await tokens.make(
        name=name, role=Role.MARKETER, scopes=(Deed.DATA_IMPORT,), expires_at=None, by="Kim"
    )
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
async def bearer(desk: Desk) -> dict[str, str]:
    """Return the headers of a marketer's program."""
    return await _token(desk)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the import."""
    async with await _client(desk) as client:
        yield client


async def _people(desk: Desk) -> int:
    async with desk.database.read() as session:
        return await session.scalar(select(func.count()).select_from(ContactRow)) or 0


def _packed(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


async def test_one_token_may_not_go_too_fast_and_others_are_not_held_up(
    desk: Desk, bearer: dict[str, str]
) -> None:
    other = await _token(desk, "another")
    async with await _client(desk, "2/minute") as client:
        first = await client.post(PEOPLE, json={"rows": []}, headers=bearer)
        assert (first.status_code, first.headers["ratelimit-policy"]) == (200, '"api";q=2;w=60')
        # What is refused counts as well.
        wrong = await client.post("/api/v1/import/socks", json={}, headers=bearer)
        assert wrong.status_code == 404
        row = {"email": "a@example.com"}
        refused = await client.post(PEOPLE, json={"rows": [row]}, headers=bearer)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await client.post(PEOPLE, json={"rows": []}, headers=other)).status_code == 200
    assert await _people(desk) == 0


async def test_more_rows_than_one_request_may_have_are_refused(
    desk: Desk, client: httpx.AsyncClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 2)
    rows = [{"email": f"a{n}@example.com"} for n in range(4)]
    lines = "\n".join(map(json.dumps, rows))
    bodies: list[tuple[str, bytes]] = [
        ("application/json", json.dumps({"rows": rows}).encode()),
        ("application/x-ndjson", lines.encode() + b"\n"),
        ("text/csv", b"email\n" + b"\n".join(row["email"].encode() for row in rows)),
        (PARQUET, _packed(pa.Table.from_pylist(rows))),
    ]
    for kind, body in bodies:
        headers = bearer | {"Content-Type": kind}
        answer = await client.post(PEOPLE, content=body, headers=headers)
        assert answer.status_code == 413, (kind, answer.text)
        assert "at most 2 rows" in answer.text
    assert await _people(desk) == 0
    few = await client.post(PEOPLE, json={"rows": rows[:2]}, headers=bearer)
    assert few.json()["created"] == 2


async def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
    client: httpx.AsyncClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_UNPACKED", 2 * 1024 * 1024)
    buffer = io.BytesIO()
    rows = pa.table({"email": ["a" * 1024 * 1024] * 3})
    pq.write_table(rows, buffer, compression="zstd", use_dictionary=False)
    assert len(buffer.getvalue()) < 100_000
    headers = bearer | {"Content-Type": PARQUET}
    answer = await client.post(PEOPLE, content=buffer.getvalue(), headers=headers)
    assert answer.status_code == 413
    assert "2 MB unpacked" in answer.text


async def test_what_is_no_parquet_file_is_said_by_the_importer(
    client: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    answer = await client.post(
        PEOPLE, content=b"PAR1 nothing", headers=bearer | {"Content-Type": PARQUET}
    )
    assert answer.status_code == 422


async def test_only_a_few_may_wait_at_a_time(
    desk: Desk, client: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    go, begun = asyncio.Event(), 0

    async def slowly() -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        yield b'{"rows": '
        await go.wait()
        yield b"[]}"

    headers = bearer | {"Content-Type": "application/json"}
    slow = [
        asyncio.create_task(client.post(PEOPLE, content=slowly(), headers=headers))
        for _ in range(imports.MOST_AT_ONCE)
    ]
    while begun < imports.MOST_AT_ONCE:
        await asyncio.sleep(0)
    # They have all begun to send; whether each has its place is seen by the one that gets none.
    async with asyncio.timeout(20):
        while (
            late := await client.post(PEOPLE, json={"rows": []}, headers=bearer)
        ).status_code == 200:
            pass
    assert late.status_code == 503
    assert late.headers["retry-after"] == "5"
    go.set()
    assert [(await one).status_code for one in slow] == [200] * imports.MOST_AT_ONCE
    assert (await client.post(PEOPLE, json={"rows": []}, headers=bearer)).status_code == 200


async def test_the_record_says_who_brought_in_how_much(
    desk: Desk, client: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    rows = [{"email": "a@example.com", "name": "A. Secret"}, {"name": "nobody"}]
    await client.post(PEOPLE, json={"rows": rows}, headers=bearer)
    async with desk.database.read() as session:
        query = select(AuditRow).where(AuditRow.deed == Deed.DATA_IMPORT)
        (row,) = (await session.scalars(query)).all()
    assert (row.who, row.thing) == ("importer", "import:contacts")
    assert (row.detail["created"], row.detail["rejected"]) == (1, 1)
    assert row.detail["bytes"] > 0
    assert "Secret" not in json.dumps(row.detail)
