"""The web chat protocol against the real application on a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app import web
from app.wiring import Desk
from channels.webchat.token import TokenError, VisitorTokens
from desk.clock import StoppedClock
from desk.tables.inbox import InboxRow
from tests.conftest import NOON
from tests.talk import rows


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Return a browser in front of a running desk."""
    app = web.build(desk)
    loops = [asyncio.create_task(loop()) for loop in (desk.acceptor.run, desk.router.run)]
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client
    for loop in loops:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


async def visitor(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the headers of a new visitor."""
    answer = await client.post("/chat/v1/visitors", json={"language": "en"})
    assert answer.status_code == 201
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def history(client: httpx.AsyncClient, headers: dict[str, str], count: int) -> list[Any]:
    """Return the visitor's messages once there are ``count``."""
    async with asyncio.timeout(20):
        while True:
            messages = (await client.get("/chat/v1/messages", headers=headers)).json()["messages"]
            if len(messages) >= count:
                return messages  # type: ignore[no-any-return]
            await asyncio.sleep(0.02)


async def test_a_visitor_writes_and_reads_the_answer(client: httpx.AsyncClient) -> None:
    headers = await visitor(client)
    name = str(uuid4())
    answer = await client.post(
        "/chat/v1/messages", headers=headers, json={"id": name, "text": "hi"}
    )
    assert (answer.status_code, answer.json()) == (200, {"message_id": name})
    mine, reply = await history(client, headers, 2)
    assert (mine["id"], mine["author"], mine["client_id"], mine["text"]) == (
        1,
        "contact",
        name,
        "hi",
    )
    assert (reply["id"], reply["author"], reply["text"]) == (2, "bot", "You said: hi")
    after = await client.get("/chat/v1/messages?after=1", headers=headers)
    assert [m["id"] for m in after.json()["messages"]] == [2]


async def test_the_same_id_twenty_times_at_once_is_one_message(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    headers = await visitor(client)
    body = {"id": str(uuid4()), "text": "hi"}
    answers = await asyncio.gather(
        *(client.post("/chat/v1/messages", headers=headers, json=body) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    await history(client, headers, 2)
    await asyncio.sleep(0.2)
    assert len(await rows(desk, InboxRow)) == 1
    assert len(await history(client, headers, 2)) == 2


async def test_two_visitors_never_see_each_other(client: httpx.AsyncClient) -> None:
    one, two = await visitor(client), await visitor(client)
    same = str(uuid4())
    for headers in (one, two):
        await client.post("/chat/v1/messages", headers=headers, json={"id": same, "text": "hi"})
    assert len(await history(client, one, 2)) == len(await history(client, two, 2)) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"[" * 30_000, 422),
        (b'{"id": "x", "text": "hi"}', 422),
        (b'{"text": "hi"}', 422),
        (b'{"id": "%ID%"}', 422),
        (b'{"id": "%ID%", "text": "  \\n "}', 422),
        (b'{"id": "%ID%", "text": 5}', 422),
        (b'{"id": "%ID%", "text": "hi", "admin": true}', 422),
        (b'{"id": "%ID%", "text": "", "attachments": [{"name": "a", "data": "%%%"}]}', 422),
        (b'{"id": "%ID%", "text": "' + b"x" * 20_001 + b'"}', 422),
        (b'{"id": "%ID%", "text": "' + b"x" * 70_000 + b'"}', 413),
        (b'{"id": "%ID%", "text": "' + b"x" * 10_000 + b'"}', 200),
        ('{"id": "%ID%", "text": "\\u0000 😀"}'.encode(), 200),
        (b'{"id": "%ID%", "text": "\\ud800"}', 422),
        (b"\xff\xfe", 422),
    ],
)
async def test_bad_bodies_are_refused_in_words(
    client: httpx.AsyncClient, body: bytes, status: int
) -> None:
    headers = await visitor(client)
    body = body.replace(b"%ID%", str(uuid4()).encode())
    answer = await client.post("/chat/v1/messages", headers=headers, content=body)
    assert answer.status_code == status
    if status != 200:
        assert set(answer.json()) == {"error", "detail"}


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer v1.{}.0.x"])
@pytest.mark.parametrize("path", ["/chat/v1/messages", "/chat/v1/events"])
async def test_no_token_no_chat(client: httpx.AsyncClient, token: str, path: str) -> None:
    answer = await client.get(path, headers={"Authorization": token})
    assert answer.status_code == 401


def test_tokens_cannot_be_forged_and_end() -> None:
    tokens, other = VisitorTokens("a" * 32), VisitorTokens("b" * 32)
    clock = StoppedClock(NOON)
    who, token = tokens.issue(clock())
    assert tokens.visitor(token, clock()) == who
    assert VisitorTokens("b" * 32, "a" * 32).visitor(token, clock()) == who
    version, visitor_id, issued, signature = token.split(".")
    forged = [
        f"{version}.{'0' * 32}.{issued}.{signature}",
        f"{version}.{visitor_id}.{int(issued) + 1}.{signature}",
        f"{token}x",
        token[:-1],
        token + "é",
        "",
    ]
    for bad in forged:
        with pytest.raises(TokenError):
            tokens.visitor(bad, clock())
    with pytest.raises(TokenError):
        other.visitor(token, clock())
    with pytest.raises(TokenError):
        tokens.visitor(token, clock().replace(year=2027))


async def test_other_sites_need_to_be_allowed(client: httpx.AsyncClient) -> None:
    refused = await client.post("/chat/v1/visitors", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert "FRONTDESK_CHAT_ORIGINS" in refused.json()["detail"]
    own = await client.post("/chat/v1/visitors", headers={"Origin": "http://desk"}, json={})
    assert own.status_code == 201


async def test_the_page_and_the_script_are_served_with_a_strict_policy(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/")
    assert "<frontdesk-chat" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    script = await client.get("/chat/frontdesk-chat.js")
    assert script.headers["content-type"].startswith("text/javascript")


@asynccontextmanager
async def stream(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
    """Read the visitor's event stream from a real server into a queue."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read() -> None:
        async with client.stream("GET", "/chat/v1/events", headers=headers) as response:
            assert response.status_code == 200
            event: dict[str, Any] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name in ("event", "id"):
                    event[name] = value
                elif name == "data":
                    event["data"] = json.loads(value)
                elif not line and event:
                    queue.put_nowait(event)
                    event = {}

    task = asyncio.create_task(read())
    yield queue
    task.cancel()
    with suppress(asyncio.CancelledError, httpx.HTTPError):
        await task


async def test_health_and_figures(client: httpx.AsyncClient, desk: Desk) -> None:
    assert (await client.get("/health/live")).status_code == 200
    ready = await client.get("/health/ready")
    # Tables made without migrations are not a migrated database.
    assert (ready.status_code, ready.json()["migrations"]) == (503, False)
    assert b"frontdesk_http_requests_total" in (await client.get("/metrics")).content
