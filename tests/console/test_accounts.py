"""Signing in with an account, one's own page, and what ends a session."""

import re
from datetime import timedelta

import pytest

from app.wiring import Desk
from console.services import ConsoleServices
from desk.access.audit import Filter
from desk.access.policy import Role
from desk.access.users import Wanted
from desk.clock import StoppedClock
from tests.console.conftest import CONSOLE_TOKEN, HOST, Browser
from tests.console.people import OPERATOR, PASSWORD, Console, code, found, is_in, sign_in

NEW = "another fine password"


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console."""
    return Console(desk, services)


async def _post(browser: Browser, path: str, **fields: str) -> int:
    return (await browser.post(path, data=fields, headers={"Origin": HOST})).status_code


async def test_the_token_makes_the_first_account_and_is_over_after_that(
    desk: Desk, services: ConsoleServices
) -> None:
    services.access.sessions.door.always = False
    console = Console(desk, services)
    async with console.browser() as guest, console.browser() as first:
        await guest.sign_in("Guest")
        await guest.see("/console")
        await first.get(f"/console?key={CONSOLE_TOKEN}")
        page = await first.see("/console/sign-in")
        assert "Make the first account" in page
        assert "until the first account is made" in page
        assert "opens nothing after that" in await first.see("/console/first")
        weak = {"name": "Ada", "email": "ada@example.com", "password": "ada@example.com"}
        assert await _post(first, "/console/first", **weak) == 422
        assert (
            await _post(first, "/console/first", **weak | {"email": "no", "password": NEW}) == 422
        )
        assert await _post(first, "/console/first", **weak | {"password": NEW}) == 303
        assert "Admin" in await first.see("/console/profile")
        # Whoever came with the token is out, and the token opens nothing any more.
        assert not await is_in(guest)
        assert (await guest.sign_in("Guest")).status_code == 403
        page = await guest.see("/console/sign-in")
        assert "Console token" not in page
        assert await _post(guest, "/console/first", **weak | {"password": NEW}) == 303
    assert len(await console.access.users.list()) == 1


async def test_a_token_that_was_set_on_purpose_stays_a_way_in(console: Console) -> None:
    async with console.browser() as browser:
        await browser.get(f"/console?key={CONSOLE_TOKEN}")
        assert "until its token is changed" in await browser.see("/console/sign-in")
        assert "goes on opening the console" in await browser.see("/console/first")
    await console.user("Ada", Role.ADMIN)
    async with console.browser() as browser:
        page = await browser.see("/console/sign-in")
        assert "stands in the settings" in page
        assert "until the first account is made" not in page
        assert (await browser.sign_in("ada")).status_code == 422
        assert (await browser.sign_in("Operator")).status_code == 303
        assert await is_in(browser)
        assert (await browser.get("/console/first")).status_code == 409


async def test_signing_in_by_address_and_password(console: Console) -> None:
    await console.user("Kim", Role.AGENT)
    async with console.browser() as browser:
        for wrong in ({"password": "not this one at all"}, {"email": "who@example.com"}):
            fields = {"email": "kim@example.com", "password": PASSWORD, **wrong}
            answer = await browser.post("/console/sign-in", data=fields, headers={"Origin": HOST})
            assert answer.status_code == 401
            assert "E-mail or password are not right" in answer.text
        fields = {"email": " KIM@example.com", "password": PASSWORD, "next": "/console/tickets"}
        answer = await browser.post("/console/sign-in", data=fields, headers={"Origin": HOST})
        assert answer.headers["location"] == "/console/tickets"
        assert answer.headers["strict-transport-security"]
        assert "Kim" in await browser.see("/console")
        before = browser.cookies["__Host-frontdesk"]
        await sign_in(browser, "Kim")
        # A cookie that somebody planted or copied before is worth nothing after signing in.
        assert browser.cookies["__Host-frontdesk"] != before
        browser.cookies.set("__Host-frontdesk", before, domain="desk.example.com")
        assert not await is_in(browser)


async def test_forms_of_other_sites_sign_nobody_in(console: Console) -> None:
    await console.user("Kim", Role.AGENT)
    async with console.browser() as browser:
        fields = {"email": "kim@example.com", "password": PASSWORD}
        for headers in ({"Origin": "https://evil.example"}, {}):
            answer = await browser.post("/console/sign-in", data=fields, headers=headers)
            assert answer.status_code == 403


async def test_over_plain_http_nobody_is_asked_for_a_password_but_on_this_machine(
    console: Console,
) -> None:
    await console.user("Kim", Role.AGENT)
    fields = {"email": "kim@example.com", "password": PASSWORD}
    async with console.browser(host="http://desk.example.com") as browser:
        page = await browser.see("/console/sign-in", 403)
        assert "not encrypted" in page
        assert 'type="password"' not in page
        headers = {"Origin": "http://desk.example.com"}
        answer = await browser.post("/console/sign-in", data=fields, headers=headers)
        assert answer.status_code == 403
        answer = await browser.get(f"/console?key={CONSOLE_TOKEN}")
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    for host in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        async with console.browser(host=host) as browser:
            answer = await browser.post("/console/sign-in", data=fields, headers={"Origin": host})
            assert answer.status_code == 303
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("frontdesk=")
            assert "Secure" not in cookie
            assert "strict-transport-security" not in answer.headers


async def test_a_guesser_keeps_nobody_out(console: Console, clock: StoppedClock) -> None:
    await console.user("Kim", Role.AGENT)
    async with (
        console.browser("198.51.100.1") as guesser,
        console.browser("203.0.113.1") as home,
        console.browser("198.51.100.1") as office,
    ):
        await sign_in(office, "Kim")
        await office.submit("/console/sign-out")
        answers = [
            (await sign_in(guesser, "Kim", f"guess number {n}")).status_code for n in range(6)
        ]
        assert answers == [401] * 5 + [429]
        # Right at last, but too fast.
        late = await sign_in(guesser, "Kim")
        assert (late.status_code, late.headers["retry-after"]) == (429, "2")
        # Kim is at another address, or at this one in a browser of hers.
        assert (await sign_in(home, "Kim")).status_code == 303
        assert (await sign_in(office, "Kim")).status_code == 303
        # Another account at the guesser's address has a count of its own.
        await console.user("Lee", Role.AGENT)
        assert (await sign_in(guesser, "Lee")).status_code == 303
        clock.advance(timedelta(seconds=2))
        assert (await sign_in(guesser, "Kim")).status_code == 303


async def test_a_known_browser_is_known_for_its_user_alone(console: Console) -> None:
    await console.user("Kim", Role.AGENT)
    await console.user("Ada", Role.ADMIN)
    async with console.browser() as browser:
        await sign_in(browser, "Kim")
        answers = [
            (await sign_in(browser, "Ada", f"guess number {n}")).status_code for n in range(6)
        ]
        assert answers == [401] * 5 + [429]


async def test_one_address_trying_every_account_is_slowed_down(console: Console) -> None:
    async with console.browser() as browser:
        answers = [(await sign_in(browser, f"user{n}", "guess")).status_code for n in range(31)]
    assert answers == [401] * 30 + [429]


async def _set_up(browser: Browser, clock: StoppedClock) -> tuple[str, list[str]]:
    page = (await browser.submit("/console/profile/second-step")).text
    assert 'src="data:image/svg+xml' in page
    secret = found(r"<code>([A-Z2-7]{32})</code>", page)
    wrong = await browser.submit("/console/profile/second-step/confirm", code="000000")
    assert wrong.status_code == 403
    assert secret in wrong.text
    right = code(secret, clock().timestamp())
    answer = await browser.submit("/console/profile/second-step/confirm", code=right)
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", answer.text)
    assert len(codes) == 10
    return secret, codes


async def test_the_second_step(console: Console, clock: StoppedClock) -> None:
    async with console.signed_in("Kim", Role.AGENT) as kim, console.browser() as other:
        secret, codes = await _set_up(kim, clock)
        assert await is_in(kim)
        clock.advance(timedelta(minutes=1))
        page = (await sign_in(other, "Kim")).text
        assert "One more step" in page
        assert not await is_in(other)
        half = found(r'name="half" value="([^"]+)"', page)
        right = code(secret, clock().timestamp())
        step = "/console/sign-in/code"
        assert await _post(other, step, half=half, code="000000") == 401
        assert await _post(other, step, half=half[:-1], code=right) == 401
        assert await _post(other, step, half=half, code=right) == 303
        assert await is_in(other)
        # The same code, seen over a shoulder, opens nothing; a recovery code does, once.
        async with console.browser() as third:
            assert await _post(third, step, half=half, code=right) == 401
            assert await _post(third, step, half=half, code=codes[2]) == 303
            assert await is_in(third)
        async with console.browser() as fourth:
            assert await _post(fourth, step, half=half, code=codes[2]) == 401
            clock.advance(timedelta(minutes=5))
            late = code(secret, clock().timestamp())
            assert await _post(fourth, step, half=half, code=late) == 401
            assert not await is_in(fourth)
        page = await kim.see("/console/profile")
        assert "Recovery codes left: 9" in page
        answer = await kim.submit("/console/profile/second-step/stop", password=PASSWORD)
        assert answer.status_code == 200
        assert (await sign_in(other, "Kim")).status_code == 303


async def test_guessing_codes_is_slowed_down_from_wherever(
    console: Console, clock: StoppedClock
) -> None:
    async with console.signed_in("Kim", Role.AGENT) as kim:
        await _set_up(kim, clock)
        page = ""
        async with console.browser("198.51.100.1") as browser:
            page = (await sign_in(browser, "Kim")).text
        half = found(r'name="half" value="([^"]+)"', page)
        answers = []
        for number in range(7):
            async with console.browser(f"198.51.100.{number}") as browser:
                answers.append(
                    await _post(browser, "/console/sign-in/code", half=half, code="000000")
                )
        assert answers == [401] * 5 + [429] * 2
        # Kim's own browser has a count of its own.
        page = (await sign_in(kim, "Kim")).text
        half = found(r'name="half" value="([^"]+)"', page)
        assert await _post(kim, "/console/sign-in/code", half=half, code="000000") == 401


async def test_a_new_password_ends_every_other_session(console: Console) -> None:
    async with console.signed_in("Kim", Role.AGENT) as kim, console.browser() as thief:
        old_form = await kim.form_token()
        thief.cookies.set(
            "__Host-frontdesk", kim.cookies["__Host-frontdesk"], domain="desk.example.com"
        )
        assert await is_in(thief)
        wrong = await kim.submit("/console/profile/password", old="a guess of mine", new=NEW)
        assert wrong.status_code == 403
        weak = await kim.submit("/console/profile/password", old=PASSWORD, new="short")
        assert weak.status_code == 422
        answer = await kim.submit("/console/profile/password", old=PASSWORD, new=NEW)
        assert "Your password is changed" in answer.text
        # The page that came back works under the new session already.
        fresh = found(r'name="form_token" value="([^"]+)"', answer.text)
        assert await is_in(kim)
        assert not await is_in(thief)
        # A tab from before has an old form; the one that came back has not.
        assert await _post(kim, "/console/profile/sessions/end", form_token=old_form) == 403
        assert await _post(kim, "/console/profile/sessions/end", form_token=fresh) == 303
        async with console.browser("203.0.113.77") as later:
            assert (await sign_in(later, "Kim")).status_code == 401
            assert (await sign_in(later, "Kim", NEW)).status_code == 303


async def test_a_borrowed_session_cannot_guess_the_password_for_ever(console: Console) -> None:
    async with console.signed_in("Kim", Role.AGENT) as kim:
        answers = [
            (await kim.submit("/console/profile/password", old="a guess", new=NEW)).status_code
            for _ in range(6)
        ]
    assert answers == [403] * 5 + [429]


async def test_the_list_of_sessions_and_ending_the_others(console: Console) -> None:
    async with (
        console.signed_in("Kim", Role.AGENT) as kim,
        console.browser("203.0.113.7") as other,
    ):
        await sign_in(other, "Kim")
        page = await kim.see("/console/profile")
        assert "203.0.113.7" in page
        assert "203.0.113.9" in page
        assert (await kim.submit("/console/profile/sessions/end")).status_code == 303
        assert await is_in(kim)
        assert not await is_in(other)


@pytest.mark.parametrize("way", ["role", "disable", "sign out", "link"])
async def test_what_an_admin_does_ends_sessions_at_once(console: Console, way: str) -> None:
    kim = await console.user("Kim", Role.AGENT)
    users = console.access.users
    async with console.browser() as browser:
        await sign_in(browser, "Kim")
        if way == "role":
            await users.change(kim, Wanted(role=Role.VIEWER), by=OPERATOR)
        elif way == "disable":
            await users.disable(kim, by=OPERATOR)
        elif way == "sign out":
            await users.end_sessions(kim, by=OPERATOR)
        else:
            link = await users.link(kim, by=OPERATOR)
            assert await is_in(browser)
            await console.access.credentials.use_link(link, NEW)
        assert not await is_in(browser)
        assert (await browser.get("/console/inbox/live")).status_code == 401


async def test_signing_out_ends_the_session_for_a_copied_cookie_too(console: Console) -> None:
    async with console.signed_in("Kim", Role.AGENT) as kim, console.browser() as thief:
        thief.cookies.set(
            "__Host-frontdesk", kim.cookies["__Host-frontdesk"], domain="desk.example.com"
        )
        await kim.submit("/console/sign-out")
        assert not await is_in(kim)
        assert not await is_in(thief)


async def test_the_invitation_s_link_through_the_pages(console: Console) -> None:
    _, link = await console.access.users.invite(
        by=OPERATOR, name="Zoë 莫", email="zoe@example.com", role=Role.AGENT
    )
    async with console.browser() as browser:
        page = await browser.see(f"/console/welcome/{link}")
        assert "Hello Zoë 莫" in page
        assert await _post(browser, f"/console/welcome/{link}", password="short") == 422
        assert await _post(browser, f"/console/welcome/{link}", password="x" * 1_025) == 422
        assert await _post(browser, f"/console/welcome/{link}", password=PASSWORD) == 303
        assert "Zoë 莫" in await browser.see("/console/profile")
        for used in (link, "nothing", link.replace(".0.", ".1.")):
            assert "used already" in await browser.see(f"/console/welcome/{used}", 404)
            answer = await _post(browser, f"/console/welcome/{used}", password=PASSWORD)
            assert answer == 404


async def test_who_came_with_the_token_has_no_account_to_change(mo: Browser) -> None:
    assert "You came with the console" in await mo.see("/console/profile")
    assert (await mo.submit("/console/profile/second-step")).status_code == 404


async def test_signing_in_is_noted_with_the_address(console: Console) -> None:
    async with console.signed_in("Kim", Role.AGENT):
        pass
    (noted,) = await console.access.audit.page(Filter(deed="session.started"))
    assert (noted.who, noted.detail) == ("Kim", {"how": "password", "address": "203.0.113.9"})
