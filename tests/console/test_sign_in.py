"""Who gets in, who does not, and what a session is worth."""

from datetime import timedelta

import pytest

from console.gate import HEADERS
from console.pages.sign_in import HOME, inside
from console.same_origin import is_same_origin
from desk.access.names import display_name
from desk.clock import StoppedClock
from tests.console.conftest import CONSOLE_TOKEN, HOST, Browser


async def test_without_a_session_every_page_asks_to_sign_in(stranger: Browser) -> None:
    for path in ("/console", "/console/tickets", "/console/overview", "/console/conversations/x"):
        response = await stranger.get(path)
        assert response.status_code == 303
        assert response.headers["location"] == f"/console/sign-in?next={path}"
    assert (await stranger.get("/console/inbox/live")).status_code == 401
    assert "Console token" in await stranger.see("/console/sign-in")


async def test_the_form_signs_in_and_goes_where_one_wanted(stranger: Browser) -> None:
    fields = {"token": f" {CONSOLE_TOKEN} ", "agent": "Mo", "next": "/console/tickets"}
    response = await stranger.post("/console/sign-in", data=fields, headers={"Origin": HOST})
    assert (response.status_code, response.headers["location"]) == (303, "/console/tickets")
    cookie = response.headers["set-cookie"]
    for part in ("__Host-frontdesk=", "HttpOnly", "SameSite=strict", "Path=/;", "Secure"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "Mo" in await stranger.see("/console")


async def test_the_link_signs_in_and_leaves_the_token_out_of_the_address(
    stranger: Browser,
) -> None:
    response = await stranger.get(f"/console?key={CONSOLE_TOKEN}")
    assert (response.status_code, response.headers["location"]) == (303, "/console")
    assert CONSOLE_TOKEN not in response.headers["set-cookie"]
    assert (await stranger.get("/console")).status_code == 303
    assert "What is your name?" in await stranger.see("/console/sign-in")
    named = await stranger.post("/console/name", data={"agent": "Mo"}, headers={"Origin": HOST})
    assert named.headers["location"] == "/console"
    assert "Mo" in await stranger.see("/console")


async def test_a_wrong_token_is_told_and_opens_nothing(stranger: Browser) -> None:
    wrong = await stranger.sign_in("Mo", token="guessed")
    assert wrong.status_code == 401
    assert "That token is not right" in wrong.text
    assert (await stranger.get("/console?key=guessed")).status_code == 401
    assert (await stranger.get("/console")).status_code == 303


async def test_no_name_is_told(stranger: Browser) -> None:
    assert (await stranger.sign_in(" \x07 ")).status_code == 422


async def test_guessing_is_slowed_down_even_when_right_at_last(stranger: Browser) -> None:
    answers = [(await stranger.sign_in("Mo", token=f"guess {n}")).status_code for n in range(10)]
    assert answers == [401] * 10
    late = await stranger.sign_in("Mo")
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    assert (await stranger.get(f"/console?key={CONSOLE_TOKEN}")).status_code == 429


async def test_a_right_token_forgets_the_wrong_ones(stranger: Browser) -> None:
    for _ in range(3):
        for _ in range(9):
            await stranger.sign_in("Mo", token="typo")
        assert (await stranger.sign_in("Mo")).status_code == 303


async def test_a_session_ends_after_eight_idle_hours(mo: Browser, clock: StoppedClock) -> None:
    for _ in range(2):
        clock.advance(timedelta(hours=7, minutes=59))
        await mo.see("/console")
    # What the page asks by itself is not somebody doing something.
    clock.advance(timedelta(hours=7, minutes=59))
    assert (await mo.get("/console/inbox/live")).status_code == 200
    clock.advance(timedelta(minutes=2))
    assert (await mo.get("/console")).status_code == 303


async def test_a_session_ends_after_a_week(mo: Browser, clock: StoppedClock) -> None:
    for _ in range(24):
        clock.advance(timedelta(hours=7))
        await mo.see("/console")
    clock.advance(timedelta(hours=1))
    assert (await mo.get("/console")).status_code == 303


async def test_a_clock_that_is_set_back_ends_no_session(mo: Browser, clock: StoppedClock) -> None:
    clock.advance(timedelta(minutes=-4))
    await mo.see("/console")
    clock.advance(timedelta(hours=-4))
    assert (await mo.get("/console")).status_code == 303


async def test_signing_out_ends_it(mo: Browser) -> None:
    assert (await mo.submit("/console/sign-out")).headers["location"] == "/console/sign-in"
    assert (await mo.get("/console")).status_code == 303


async def test_a_link_from_another_site_loads_once_more_from_ours(stranger: Browser) -> None:
    response = await stranger.get("/console/tickets", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/console/tickets">' in response.text
    second = await stranger.get("/console/tickets", headers={"Sec-Fetch-Site": "same-origin"})
    assert second.status_code == 303


async def test_pages_carry_strict_headers(mo: Browser) -> None:
    response = await mo.get("/console")
    assert "'unsafe-inline'" not in response.headers["content-security-policy"]
    for name, value in HEADERS.items():
        assert response.headers[name] == value


@pytest.mark.parametrize("path", ["/console/nothing", "/console/tickets/T-999999"])
async def test_an_address_with_nothing_says_so_as_a_page(mo: Browser, path: str) -> None:
    assert "There is nothing at this address" in await mo.see(path, 404)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "a.test", "origin": "https://a.test"}, True),
        ({"host": "a.test", "origin": "https://a.test", "sec-fetch-site": "same-origin"}, True),
        ({"host": "a.test", "sec-fetch-site": "same-origin"}, True),
        ({"host": "10.0.0.1", "origin": "https://public.test"}, True),
        ({"host": "a.test", "origin": "https://b.test"}, False),
        ({"host": "a.test", "origin": "https://a.test", "sec-fetch-site": "cross-site"}, False),
        ({"host": "a.test", "origin": "null"}, False),
        ({"host": "a.test"}, False),
        ({}, False),
    ],
)
def test_same_origin(headers: dict[str, str], expected: bool) -> None:
    assert is_same_origin(headers, "https://public.test/desk") is expected


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/console/tickets?status=open", "/console/tickets?status=open"),
        ("/console", HOME),
        ("//evil.test", HOME),
        ("https://evil.test/console", HOME),
        ("/consolevil", HOME),
        ("", HOME),
        ("/console/..//evil.test", HOME),
        ("/console\\@evil.test", HOME),
        ("/console/\r\nLocation: //evil.test", HOME),
        ("javascript:alert(1)", HOME),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(wanted: str, there: str) -> None:
    assert inside(wanted) == there


def test_a_name_is_one_line_of_printable_characters() -> None:
    assert display_name("  Mo\n\tZ\u202e ") == "Mo Z"
    assert len(display_name("x" * 500)) == 60
