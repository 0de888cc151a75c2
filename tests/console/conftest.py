"""A console over the desk's real database, and browsers for its agents."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial

import httpx
import jinja2
import pytest
from argon2 import PasswordHasher
from jinja2.bccache import Bucket
from pydantic import SecretStr

from app import web
from app.access import build as access_of
from app.wiring import Desk
from console.live import Live
from console.routes import routes
from console.services import ConsoleServices
from console.ticket_desk import TicketDesk
from desk.access.access import Access
from desk.access.passwords import Passwords
from desk.assignment.rules import TicketRules
from desk.assignment.skills import Skills
from desk.canned import Canned
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts
from desk.contacts.timeline import Timeline
from desk.conversations.desk_view import DeskView
from desk.conversations.presence import Presence
from desk.conversations.pulse import Pulse
from desk.dead_letters import DeadLetters
from desk.health import Health
from desk.settings import Settings
from desk.tickets.merging import TicketMerging
from desk.tickets.views import Views
from tests.conftest import SECRET

HOST = "https://desk.example.com"
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


class _Compiled(jinja2.BytecodeCache):
    """Templates as they were compiled in the first test that showed them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def _compile_templates_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        environment = partial(jinja2.Environment, bytecode_cache=_Compiled())
        patch.setattr("console.render.Environment", environment)
        yield


@pytest.fixture
def access(desk: Desk, settings: Settings) -> Access:
    """Return who may come in, with a token that opens the console and quick hashes."""
    return access_of(
        settings.model_copy(update={"console_token": SecretStr(CONSOLE_TOKEN)}),
        secret=SECRET,
        database=desk.database,
        clock=desk.clock,
        handoff=desk.handoff,
        tickets=desk.tickets,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    )


def _live(desk: Desk) -> Live:
    presence = Presence(desk.database, desk.clock)
    pulse = Pulse(
        database=desk.database,
        signals=desk.signals,
        presence=presence,
        interval=timedelta(milliseconds=50),
    )
    return Live(pulse=pulse, presence=presence, beat=timedelta(milliseconds=500))


def _ticket_desk(desk: Desk) -> TicketDesk:
    return TicketDesk(
        views=Views(desk.database, desk.clock),
        merging=TicketMerging(desk.database, desk.clock),
        rules=TicketRules(desk.database, desk.clock),
        skills=Skills(desk.database, desk.clock),
    )


@pytest.fixture
def services(desk: Desk, access: Access) -> ConsoleServices:
    """Return what the console works with."""
    return ConsoleServices(
        view=DeskView(desk.database),
        media=desk.media,
        handoff=desk.handoff,
        agents=desk.agents,
        tickets=desk.tickets,
        feedback=desk.feedback,
        commerce=desk.commerce,
        dead_letters=DeadLetters(database=desk.database, signals=desk.signals, clock=desk.clock),
        clock=desk.clock,
        access=access,
        live=_live(desk),
        ticket_desk=_ticket_desk(desk),
        canned=Canned(desk.database, desk.clock),
        health=Health(desk.database, desk.clock),
        contacts=Contacts(desk.database),
        merging=Merging(desk.database, desk.clock),
        timeline=Timeline(desk.database),
        suppressions=desk.opting.suppressions,
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
