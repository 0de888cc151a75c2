"""Pages that are told what changes, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app import serve, web
from app.wiring import Desk
from console.live import Live, Streams, TooManyError
from console.routes import routes
from console.services import ConsoleServices
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.conversations.presence import Presence
from desk.conversations.pulse import ANYTHING, Pulse
from desk.events import Event, append
from tests.conftest import NOON
from tests.console.conftest import CONSOLE_TOKEN
from tests.console.people import OPERATOR
from tests.talk import conversation, says


@pytest.fixture
async def agents(desk: Desk, services: ConsoleServices) -> AsyncIterator[Any]:
    """Return a way to get clients of agents who have signed in, over a real connection."""
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(web.build(desk, *routes(services)))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    clients: list[httpx.AsyncClient] = []

    async def enter(name: str, **fields: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=base, headers={"Accept-Language": "en"}, timeout=10)
        clients.append(client)
        fields = fields or {"token": CONSOLE_TOKEN, "agent": name}
        await client.post("/console/sign-in", data=fields, headers={"Origin": base})
        return client

    yield enter
    for client in clients:
        await client.aclose()
    server.should_exit = True
    await running


@asynccontextmanager
async def _events(
    client: httpx.AsyncClient, path: str, last: str = ""
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    headers = {"Last-Event-ID": last} if last else {}
    async with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")

        async def read() -> AsyncIterator[dict[str, Any]]:
            id_ = ""
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    id_ = value
                if name == "data":
                    yield {"id": id_, **json.loads(value)}

        yield read()


async def test_a_stream_tells_what_changed_and_goes_on_where_it_ended(
    agents: Any, desk: Desk
) -> None:
    mo = await agents("Mo")
    async with _events(mo, "/console/inbox/events") as events:
        first = await anext(events)
        assert set(first["regions"]) == {"inbox", "tabs"}
        await says(desk, "human")
        second = await anext(events)
        while not second["waiting"]:
            second = await anext(events)
        assert "Visitor ADA" in second["regions"]["inbox"]
    # Nothing has changed since: what the page shows is not sent again.
    async with _events(mo, "/console/inbox/events", second["id"]) as events:
        assert (await anext(events))["regions"] == {}
        await says(desk, "human", "bo")
        third = await anext(events)
        while "inbox" not in third["regions"]:
            third = await anext(events)
        assert "Visitor BO" in third["regions"]["inbox"]


async def test_who_looks_and_types_is_seen_by_the_others_alone(
    agents: Any, desk: Desk, clock: StoppedClock
) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    at = f"/console/conversations/{talk.id}"
    mo, kit = await agents("Mo"), await agents("Kit")
    async with _events(mo, f"{at}/events") as seen_by_mo:
        assert "looking" not in (await anext(seen_by_mo))["regions"]["presence"]
        async with _events(kit, f"{at}/events") as seen_by_kit:
            assert "Mo is looking" in (await anext(seen_by_kit))["regions"]["presence"]
            news = await anext(seen_by_mo)
            while "presence" not in news["regions"]:
                news = await anext(seen_by_mo)
            assert "Kit is looking" in news["regions"]["presence"]
            page = (await kit.get(at)).text
            token = page.partition('name="form_token" value="')[2].partition('"')[0]
            headers = {"Origin": str(kit.base_url).rstrip("/")}
            typed = await kit.post(f"{at}/typing", data={"form_token": token}, headers=headers)
            assert typed.status_code == 204
            news = await anext(seen_by_mo)
            while "Kit is typing" not in news["regions"].get("presence", ""):
                news = await anext(seen_by_mo)
        news = await anext(seen_by_mo)
        while "presence" not in news["regions"]:
            news = await anext(seen_by_mo)
        assert "Kit" not in news["regions"]["presence"]


@pytest.mark.parametrize("something_happens", [True, False])
async def test_a_stream_ends_with_its_session_and_tells_nothing_more(
    agents: Any, desk: Desk, something_happens: bool
) -> None:
    mo = await agents("Mo")
    token = (await mo.get("/console")).text.partition('name="form_token" value="')[2]
    headers = {"Origin": str(mo.base_url).rstrip("/")}
    async with _events(mo, "/console/inbox/events") as events:
        await anext(events)
        left = await mo.post(
            "/console/sign-out", data={"form_token": token.partition('"')[0]}, headers=headers
        )
        assert left.status_code == 303
        if something_happens:
            await says(desk, "human")
        async with asyncio.timeout(5):
            assert [event async for event in events] == []


async def test_a_stream_ends_when_the_account_is_closed(
    agents: Any, services: ConsoleServices
) -> None:
    users, email, password = services.access.users, "kit@example.com", "a fine long password"
    row, link = await users.invite(by=OPERATOR, name="Kit", email=email, role=Role.AGENT)
    await services.access.credentials.use_link(link, password)
    kit = await agents("", email=email, password=password)
    async with _events(kit, "/console/inbox/events") as events:
        await anext(events)
        await users.disable(row.id, by=OPERATOR)
        async with asyncio.timeout(5):
            assert [event async for event in events] == []


async def test_too_many_streams_are_told_to_ask_by_themselves(
    agents: Any, desk: Desk, services: ConsoleServices
) -> None:
    mo = await agents("Mo")
    path = "/console/inbox/events"
    async with (
        _events(mo, path) as one,
        _events(mo, path) as two,
        _events(mo, path) as three,
        _events(mo, path) as four,
    ):
        for stream in (one, two, three, four):
            await anext(stream)
        refused = await mo.get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert (await (await agents("Kit")).get("/console/inbox/live")).status_code == 200
    async with httpx.AsyncClient(base_url=mo.base_url) as stranger:
        assert (await stranger.get(path)).status_code == 401


def test_a_place_is_free_again_when_a_stream_ends() -> None:
    streams = Streams(each=1, together=2)
    with streams.counted(1), streams.counted(2):
        for session in (1, 3):
            with pytest.raises(TooManyError):
                streams.check(session)
    streams.check(1)


async def test_the_pulse_reports_what_belongs_to_nobody_as_well(desk: Desk) -> None:
    await says(desk, "hello")
    presence = Presence(desk.database, desk.clock)
    pulse = Pulse(database=desk.database, signals=desk.signals, presence=presence)
    async with pulse.listen() as changes:
        await changes.get(0.3)
        async with desk.database.write() as session:
            append(session, Event(name="agent.status_changed", occurred_at=NOON))
        await desk.signals.publish("desk")
        assert ANYTHING in await changes.get(5)
        talk = await conversation(desk)
        await presence.come(talk.id, "Mo")
        await desk.signals.publish("desk")
        assert talk.id in await changes.get(5)
    assert pulse._running is None


async def test_without_the_live_part_pages_ask(desk: Desk, services: ConsoleServices) -> None:
    app = web.build(desk, *routes(replace(services, live=None)))
    base = "https://desk.example.com"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base) as browser:
        fields = {"token": CONSOLE_TOKEN, "agent": "Mo"}
        await browser.post("/console/sign-in", data=fields, headers={"Origin": base})
        page = (await browser.get("/console")).text
        assert "data-live=" in page
        assert "data-events=" not in page
        assert isinstance(services.live, Live)
