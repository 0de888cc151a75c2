"""Fixtures of the fault tests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest
import structlog

from app import web
from app.wiring import Desk


@dataclass
class Visitor:
    """A customer of the web chat in front of an application in this process."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def post(self, name: str, text: str) -> httpx.Response:
        """Write a message."""
        return await self.client.post(
            "/chat/v1/messages", headers=self.headers, json={"id": name, "text": text}
        )

    async def shown(self) -> list[tuple[str, str]]:
        """Return (author, text) of what the customer sees, at most a hundred messages."""
        response = await self.client.get("/chat/v1/messages", headers=self.headers)
        return [(m["author"], m["text"]) for m in response.json()["messages"]]


@pytest.fixture(autouse=True)
def _short_log() -> Iterator[None]:
    """Print errors without the values of local variables: rendering those takes seconds, on the event loop."""
    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the web application, which accepts messages; nobody works on them."""
    transport = httpx.ASGITransport(app=web.build(desk), raise_app_exceptions=False)
    writer = asyncio.create_task(desk.acceptor.run())
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer


async def visit(client: httpx.AsyncClient) -> Visitor:
    """Return a new visitor."""
    response = await client.post("/chat/v1/visitors", json={})
    assert response.status_code == 201
    return Visitor(client, {"Authorization": f"Bearer {response.json()['token']}"})
