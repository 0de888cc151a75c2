"""The web chat over a real socket: streams, limits, and what a slow client can do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest

from app import serve, web
from app.wiring import Desk
from channels.webchat.routes import HEARTBEAT
from desk.settings import Settings
from tests.channels.test_webchat import history, stream, visitor


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with low limits."""
    return settings.model_copy(update={"chat_rate_visitor": "30/minute"})


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a desk that listens on loopback."""
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(web.build(desk))
    loops = [asyncio.create_task(loop()) for loop in (desk.acceptor.run, desk.router.run)]
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base, timeout=10, trust_env=False) as client:
        while not server.started:
            await asyncio.sleep(0.01)
        yield client
    desk.chat.stop()
    server.should_exit = True
    await serving
    for loop in loops:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


async def test_the_stream_shows_everything_once_and_resumes(client: httpx.AsyncClient) -> None:
    headers = await visitor(client)
    async with stream(client, headers) as events:
        await client.post(
            "/chat/v1/messages", headers=headers, json={"id": str(uuid4()), "text": "a"}
        )
        seen = [await asyncio.wait_for(events.get(), 10) for _ in range(5)]
    kinds = [event["event"] for event in seen]
    assert kinds == ["message", "seen", "typing", "message", "typing"]
    assert [e["data"]["typing"] for e in seen if e["event"] == "typing"] == [True, False]
    await client.post("/chat/v1/messages", headers=headers, json={"id": str(uuid4()), "text": "b"})
    await history(client, headers, 4)
    async with stream(client, {**headers, "Last-Event-ID": "2"}) as events:
        resumed = [await asyncio.wait_for(events.get(), 10) for _ in range(3)]
    assert [e["id"] for e in resumed if "id" in e] == ["3", "4"]


async def test_a_stream_ends_in_order_when_the_server_stops(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    headers = await visitor(client)
    async with (
        asyncio.timeout(HEARTBEAT / 2),
        client.stream("GET", "/chat/v1/events", headers=headers) as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == ": welcome"
        desk.chat.stop()
        # A connection that is cut instead raises an error here.
        assert [line async for line in lines if line] == []


async def test_a_visitor_who_writes_too_fast_is_told_when_to_come_back(
    client: httpx.AsyncClient,
) -> None:
    headers = await visitor(client)
    codes = []
    for _ in range(40):
        answer = await client.post(
            "/chat/v1/messages", headers=headers, json={"id": str(uuid4()), "text": "x"}
        )
        codes.append(answer.status_code)
    assert codes.count(200) == 30
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    other = await visitor(client)
    fine = await client.post(
        "/chat/v1/messages", headers=other, json={"id": str(uuid4()), "text": "x"}
    )
    assert fine.status_code == 200
