"""Browsers of users with accounts, at a console over the desk's real database."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pyotp
from starlette.types import Message

from app import web
from app.wiring import Desk
from console.routes import routes
from console.services import ConsoleServices
from desk.access.policy import Principal, Role
from tests.console.conftest import HOST, Browser

OPERATOR = Principal(id="operator", name="operator", role=Role.ADMIN)
PASSWORD = "a fine long password"


class Console:
    """One console process, and browsers at it, each from an address of its own."""

    def __init__(self, desk: Desk, services: ConsoleServices) -> None:
        self.services = services
        self.access = services.access
        self.routes = routes(services)
        self._app = web.build(desk, *self.routes)

    @asynccontextmanager
    async def browser(
        self, address: str = "203.0.113.9", host: str = HOST
    ) -> AsyncIterator[Browser]:
        """Give a browser that is not signed in."""
        transport = httpx.ASGITransport(app=self._app, client=(address, 1))
        headers = {"Accept-Language": "en", "User-Agent": "A Browser"}
        async with Browser(transport=transport, base_url=host, headers=headers) as browser:
            yield browser

    async def status_of(self, path: str, browser: Browser) -> int:
        """Return how an address that may go on for ever begins to answer, and go away then."""
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"desk.example.com"), (b"cookie", cookies.encode())],
            "client": ("203.0.113.9", 1),
            "server": ("desk.example.com", 443),
        }
        begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def receive() -> Message:
            await begun
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start" and not begun.done():
                begun.set_result(message["status"])

        answering = asyncio.ensure_future(self._app(scope, receive, send))
        try:
            await asyncio.wait({answering, begun}, return_when=asyncio.FIRST_COMPLETED)
            return await begun
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def user(self, name: str, role: Role, *, password: str = PASSWORD) -> str:
        """Make a user with a password; return the id."""
        email = f"{name.lower()}@example.com"
        row, link = await self.access.users.invite(by=OPERATOR, name=name, email=email, role=role)
        await self.access.credentials.use_link(link, password)
        return row.id

    @asynccontextmanager
    async def signed_in(
        self, name: str, role: Role, address: str = "203.0.113.9"
    ) -> AsyncIterator[Browser]:
        """Give the browser of a new user."""
        await self.user(name, role)
        async with self.browser(address) as browser:
            assert (await sign_in(browser, name)).status_code == 303
            yield browser


async def sign_in(browser: Browser, name: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in by the form, as far as the first step goes."""
    fields = {"email": f"{name.lower()}@example.com", "password": password}
    return await browser.post("/console/sign-in", data=fields, headers={"Origin": HOST})


async def is_in(browser: Browser) -> bool:
    """Say whether a browser is signed in."""
    return (await browser.get("/console/profile")).status_code == 200


def found(pattern: str, page: str) -> str:
    """Return what stands in a page."""
    match = re.search(pattern, page)
    assert match, f"{pattern} is not in the page"
    return match[1]


def code(secret: str, at: float) -> str:
    """Return what the app shows at a time."""
    return pyotp.TOTP(secret).at(int(at))
