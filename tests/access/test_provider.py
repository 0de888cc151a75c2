"""Single sign-on against a provider that enforces its rules, and against ones that lie."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from desk import clock
from desk.access.oidc import OidcSettings, Person, Provider, ProviderAwayError, SignOnError, Start
from desk.access.policy import Role
from tests.access.provider import CLIENT, SECRET, IdentityProvider

BACK = "https://desk.example.com/console/oidc/callback"
KIM = {"sub": "kim-1", "email": "Kim@example.com", "email_verified": True, "name": "Kim"}


@pytest.fixture
def there() -> Iterator[IdentityProvider]:
    """Return a provider that knows Kim."""
    with IdentityProvider(redirect_uri=BACK, claims=dict(KIM)) as provider:
        yield provider


@pytest.fixture
async def here(there: IdentityProvider) -> AsyncIterator[Provider]:
    """Return our side of it."""
    provider = Provider(
        OidcSettings(
            issuer=there.issuer,
            client_id=CLIENT,
            client_secret=SECRET,
            domains=frozenset({"example.com"}),
        ),
        clock.now,
    )
    yield provider
    await provider.close()


async def _goes_there(here: Provider, start: Start) -> dict[str, str]:
    """Go to the provider as a browser does; return what it sends back in the address."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(await here.address(start, BACK))
    assert answer.status_code == 302, answer.text
    query = urlsplit(answer.headers["location"]).query
    return {name: values[0] for name, values in parse_qs(query).items()}


async def _signs_in(here: Provider) -> Person:
    start = here.start()
    back = await _goes_there(here, start)
    assert back["state"] == start.state
    return await here.person(start, back["code"], BACK)


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post"])
async def test_there_and_back(there: IdentityProvider, here: Provider, auth: str) -> None:
    there.auth = (auth,)
    person = await _signs_in(here)
    assert person == Person(
        issuer=there.issuer, subject="kim-1", email="kim@example.com", name="Kim"
    )
    await _signs_in(here)
    # What is published is asked for once.
    assert there.asked.count("/.well-known/openid-configuration") == 1
    assert there.asked.count("/keys") == 1
    assert there.refused == []


def test_who_may_come_uninvited(here: Provider) -> None:
    asked = ("kim@example.com", "kim@EXAMPLE.com", "kim@sub.example.com", "kim@evil.example")
    assert [here.role_of(email) for email in asked] == [Role.VIEWER, Role.VIEWER, None, None]


async def test_a_code_is_good_once_and_for_whom_it_was_made(
    there: IdentityProvider, here: Provider
) -> None:
    start = here.start()
    code = (await _goes_there(here, start))["code"]
    await here.person(start, code, BACK)
    with pytest.raises(SignOnError):
        await here.person(start, code, BACK)
    other = (await _goes_there(here, here.start()))["code"]
    with pytest.raises(SignOnError):
        await here.person(start, other, BACK)
    another = (await _goes_there(here, start))["code"]
    with pytest.raises(SignOnError):
        await here.person(start, another, f"{BACK}/elsewhere")
    assert there.refused == ["token: grant"] * 3


@pytest.mark.parametrize(
    "forged",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "later"},
        {"exp": True},
        {"iat": 99_999_999_999},
        {"iat": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"sub": "x" * 256},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": None},
        {"email": None},
    ],
    ids=str,
)
async def test_a_wrong_claim_signs_nobody_in(
    there: IdentityProvider, here: Provider, forged: dict[str, Any]
) -> None:
    there.forged = forged
    with pytest.raises(SignOnError):
        await _signs_in(here)
    assert there.asked.count("/token") == 1


async def test_several_who_are_meant_are_fine_if_we_are_the_one_it_was_made_for(
    there: IdentityProvider, here: Provider
) -> None:
    there.forged = {"aud": [CLIENT, "another"], "azp": CLIENT, "email_verified": "true"}
    assert (await _signs_in(here)).subject == "kim-1"


@pytest.mark.parametrize("how", ["foreign_key", "unsigned"])
async def test_a_token_that_nobody_signed_signs_nobody_in(
    there: IdentityProvider, here: Provider, how: str
) -> None:
    setattr(there, how, True)
    with pytest.raises(SignOnError):
        await _signs_in(here)


async def test_new_keys_are_asked_for_but_not_again_and_again(
    there: IdentityProvider, here: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _signs_in(here)
    there.turn_keys()
    with pytest.raises(SignOnError):
        await _signs_in(here)
    assert there.asked.count("/keys") == 1
    monkeypatch.setattr("desk.access.oidc._RENEW_AFTER", 0)
    await _signs_in(here)
    assert there.asked.count("/keys") == 2


async def test_a_provider_that_is_away_is_no_refusal(
    there: IdentityProvider, here: Provider
) -> None:
    there.down = True
    with pytest.raises(ProviderAwayError):
        await here.address(here.start(), BACK)
    there.down = False
    await _signs_in(here)


async def test_a_provider_that_is_another_is_refused(
    there: IdentityProvider, here: Provider
) -> None:
    there.published_issuer = "https://evil.example"
    with pytest.raises(SignOnError):
        await here.address(here.start(), BACK)
