"""A console over the desk's real database, and browsers for its agents."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from app import web
from app.wiring import Desk
from console.routes import routes
from console.services import ConsoleServices
from desk.conversations.desk_view import DeskView
from desk.dead_letters import DeadLetters
from tests.conftest import SECRET

HOST = "http://desk.example.com"
CONSOLE_TOKEN = "a-console-token-for-tests-0123"
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Browser(httpx.AsyncClient):
    """Sends what a browser sends with a form of our own page."""

    async def see(self, path: str, status: int = 200) -> str:
        """Open a page and return its text."""
        response = await self.get(path)
        assert response.status_code == status, response.text
        return response.text

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as our pages do, with the session's token."""
        token = {"form_token": await self.form_token()}
        return await self.post(path, data=token | fields, headers={"Origin": HOST})

    async def form_token(self) -> str:
        """Return what the session's forms carry; empty without a session."""
        found = _FORM_TOKEN.search((await self.get("/console/overview")).text)
        return found[1] if found else ""

    async def sign_in(self, agent: str, token: str = CONSOLE_TOKEN) -> httpx.Response:
        """Sign in by the form."""
        fields = {"token": token, "agent": agent}
        return await self.post("/console/sign-in", data=fields, headers={"Origin": HOST})


@pytest.fixture
def services(desk: Desk) -> ConsoleServices:
    """Return what the console works with."""
    return ConsoleServices(
        view=DeskView(desk.database),
        handoff=desk.handoff,
        tickets=desk.tickets,
        feedback=desk.feedback,
        commerce=desk.commerce,
        dead_letters=DeadLetters(database=desk.database, signals=desk.signals, clock=desk.clock),
        clock=desk.clock,
        token=CONSOLE_TOKEN,
        secret=SECRET,
    )


def _browser(transport: httpx.ASGITransport) -> Browser:
    return Browser(transport=transport, base_url=HOST, headers={"Accept-Language": "en"})


@pytest.fixture
async def stranger(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    """Return a browser that is not signed in."""
    app = web.build(desk, *routes(services))
    async with _browser(httpx.ASGITransport(app=app, client=("203.0.113.9", 1))) as browser:
        yield browser


@pytest.fixture
async def mo(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    """Return the browser of an agent called Mo."""
    async with _browser(httpx.ASGITransport(app=web.build(desk, *routes(services)))) as browser:
        await browser.sign_in("Mo")
        yield browser


@pytest.fixture
async def kit(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    """Return the browser of a second agent, called Kit."""
    async with _browser(httpx.ASGITransport(app=web.build(desk, *routes(services)))) as browser:
        await browser.sign_in("Kit")
        yield browser
