"""Single sign-on through the console's pages."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from app.wiring import Desk
from console.services import ConsoleServices
from desk import clock as clocks
from desk.access.oidc import OidcSettings, Provider
from desk.access.policy import Role
from desk.clock import StoppedClock
from tests.access.provider import CLIENT, IdentityProvider
from tests.access.provider import SECRET as CLIENT_SECRET
from tests.console.conftest import HOST, Browser
from tests.console.people import Console, is_in

BACK = f"{HOST}/console/oidc/callback"
KIM = {"sub": "kim-1", "email": "kim@example.com", "email_verified": True, "name": "Kim"}


@pytest.fixture
def there() -> Iterator[IdentityProvider]:
    """Return a provider that knows Kim."""
    with IdentityProvider(redirect_uri=BACK, claims=dict(KIM)) as provider:
        yield provider


@pytest.fixture
async def console(
    desk: Desk, services: ConsoleServices, there: IdentityProvider
) -> AsyncIterator[Console]:
    """Return a console with single sign-on."""
    settings = OidcSettings(
        issuer=there.issuer,
        client_id=CLIENT,
        client_secret=CLIENT_SECRET,
        name="Example Login",
        domains=frozenset({"example.org"}),
        role=Role.MARKETER,
    )
    provider = Provider(settings, clocks.now)
    access = replace(services.access, provider=provider)
    yield Console(desk, replace(services, access=access))
    await provider.close()


async def _comes_back(browser: Browser, wanted: str = "/console/tickets") -> str:
    """Go to the provider; return the address to which it sends the browser back."""
    page = await browser.see(f"/console/sign-in?next={wanted}")
    assert "Sign in with Example Login" in page
    away = await browser.get(f"/console/oidc?next={wanted}")
    assert away.status_code == 303
    async with httpx.AsyncClient() as outside:
        answer = await outside.get(away.headers["location"])
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def test_who_was_invited_comes_in(console: Console) -> None:
    kim = await console.user("Kim", Role.AGENT)
    async with console.browser() as browser:
        answer = await browser.get(await _comes_back(browser))
        # The page goes on by itself, from our own site, so that the strict cookie comes along.
        assert answer.status_code == 200
        assert 'content="0;url=/console/tickets"' in answer.text
        assert "SameSite=strict" in answer.headers["set-cookie"]
        page = await browser.see("/console/profile")
        assert "Agent" in page
    (session,) = await console.access.sessions.of_user(kim)
    assert session.address == "203.0.113.9"


async def test_who_is_of_the_company_comes_in_with_its_role(
    console: Console, there: IdentityProvider
) -> None:
    there.claims |= {"email": "new@example.org", "sub": "new-1", "name": "Nia"}
    async with console.browser() as browser:
        await browser.get(await _comes_back(browser))
        assert "Marketer" in await browser.see("/console/profile")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.net"},
        {"email": "kim@example.com", "email_verified": False},
        {"email": "x@example.org.evil.example"},
    ],
    ids=str,
)
async def test_nobody_else_comes_in(
    console: Console, there: IdentityProvider, claims: dict[str, object]
) -> None:
    await console.user("Kim", Role.ADMIN)
    there.claims |= {"sub": "other", **claims}
    async with console.browser() as browser:
        answer = await browser.get(await _comes_back(browser))
        assert answer.status_code == 403
        assert "You could not be signed in" in answer.text
        assert not await is_in(browser)


async def test_an_answer_is_for_the_browser_that_asked_and_once(
    console: Console, clock: StoppedClock
) -> None:
    await console.user("Kim", Role.AGENT)
    async with console.browser() as mine, console.browser() as other:
        back = await _comes_back(mine)
        # Somebody who is sent the link of another's sign-in would be signed in as them.
        stolen = await other.get(back)
        assert stolen.status_code == 403
        assert "was not begun in this browser" in stolen.text
        forged = await mine.get(back.replace("state=", "state=x"))
        assert forged.status_code == 403
        assert not await is_in(mine)
        back = await _comes_back(mine)
        await mine.get(back)
        assert await is_in(mine)
        again = await mine.get(back)
        assert again.status_code == 403
        late = await _comes_back(other)
        clock.advance(timedelta(minutes=10))
        assert (await other.get(late)).status_code == 403
        assert not await is_in(other)


async def test_what_was_refused_over_there_and_a_provider_away_are_told(
    console: Console, there: IdentityProvider
) -> None:
    async with console.browser() as browser:
        back = await _comes_back(browser)
        refused = await browser.get(f"{back.split('code=')[0]}error=access_denied&state=x")
        assert refused.status_code == 403
        back = await _comes_back(browser)
        there.down = True
        answer = await browser.get(back)
        assert answer.status_code == 503
        assert "cannot be reached right now" in answer.text
        assert not await is_in(browser)


async def test_nobody_is_sent_elsewhere(console: Console) -> None:
    await console.user("Kim", Role.AGENT)
    async with console.browser() as browser:
        answer = await browser.get(await _comes_back(browser, "//evil.example/console"))
        assert 'content="0;url=/console"' in answer.text
