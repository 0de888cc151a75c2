"""Every address asks for a deed, every role gets what the policy says, and whoever is refused is noted."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from app.served import console_services
from app.wiring import Desk
from console.gate import Guarded, Rule, Way, checked, mine, rule_of
from console.routes import STATIC
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.audit import Filter
from desk.access.policy import Deed, Principal, Role, allows
from desk.clock import StoppedClock
from tests.commands.conftest import SQLITE_ONLY
from tests.console.conftest import HOST, Browser
from tests.console.people import Console, sign_in
from tests.talk import conversation, says

REFUSED = "Your role does not include this."
NOTHING = {"int": "999999", "path": "nothing", "str": "nothing"}


@pytest.fixture
async def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console with everything that is wired up."""
    return Console(desk, replace(console_services(desk), access=services.access))


def _path(route: Route) -> str:
    """Return an address of a route, of things that are not there."""
    return re.sub(r"\{\w+(?::(\w+))?\}", lambda m: NOTHING[m[1] or "str"], route.path)


def _guarded(all_routes: list[BaseRoute]) -> list[tuple[Route, Rule]]:
    found = [
        (route, rule)
        for route in all_routes
        if isinstance(route, Route) and (rule := rule_of(route.endpoint))
    ]
    assert len(found) == sum(isinstance(route, Route) for route in all_routes)
    return found


async def _is_refused(console: Console, browser: Browser, route: Route, rule: Rule) -> bool:
    """Ask for an address as a stranger to it would: forms come without their token, so nothing is changed."""
    if rule.way is Way.LIVE:
        return await console.status_of(_path(route), browser) == 403
    method = "POST" if rule.way is Way.ACTION else "GET"
    answer = await browser.request(method, _path(route), data=None, headers={"Origin": HOST})
    assert answer.status_code < 500, (route.path, answer.status_code)
    refused = answer.status_code == 403 and REFUSED in answer.text
    if rule.way is Way.ACTION and not refused:
        # Let through to the form, which has no token: it is refused as old, never as not allowed.
        assert answer.status_code in (403, 422), (route.path, answer.status_code)
    return refused


@SQLITE_ONLY
@pytest.mark.parametrize("role", Role)
async def test_every_cell_of_role_address_and_whose_it_is(console: Console, role: Role) -> None:
    guarded = [(route, rule) for route, rule in _guarded(console.routes) if rule.deed]
    assert len(guarded) > 50
    assert Deed.USER_CHANGE in {rule.deed for _, rule in guarded}
    who, cells = Principal(id="x", name="x", role=role), 0
    async with console.signed_in("Kim", role) as browser:
        for route, rule in guarded:
            for own in _whose(rule):
                expected = not allows(who, rule.deed or Deed.USER_CHANGE, own=own)
                assert await _is_refused(console, browser, route, rule) is expected, (
                    f"{role} {route.path} own={own}: expected refused={expected}"
                )
                cells += 1
    print(f"{role}: {cells} cells")
    assert cells >= len(guarded)


def _whose(rule: Rule) -> Iterator[bool]:
    """Give whose things can be tried; a question of an address's own is answered both ways in turn."""
    if rule.own is None or rule.own is mine:
        yield rule.own is mine
        return
    for own in (True, False):
        object.__setattr__(rule, "own", partial(_answer, own))
        yield own


async def _answer(own: bool, _: Visit) -> bool:
    return own


async def test_who_may_only_look_is_refused_in_words_and_it_is_noted_once(
    console: Console,
) -> None:
    async with console.signed_in("Vi", Role.VIEWER) as browser:
        for _ in range(2):
            page = await browser.see("/console/users", 403)
            assert REFUSED in page
        await browser.see("/console")
    refused = await console.access.audit.page(Filter(deed="access.refused"))
    assert [(one.who, one.thing, one.detail) for one in refused] == [
        ("Vi", "users", {"wanted": "user.see"})
    ]


async def test_what_people_see_do_and_take_along_is_noted(console: Console, desk: Desk) -> None:
    await says(desk, "human")
    talk = (await conversation(desk)).id
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        for _ in range(3):
            await ada.see(f"/console/conversations/{talk}")
            await ada.get(f"/console/conversations/{talk}/live")
        assert (await ada.submit(f"/console/conversations/{talk}/take-over")).status_code == 303
        assert (await ada.submit(f"/console/conversations/{talk}/transfer")).status_code == 422
        assert (await ada.get("/console/audit.csv")).status_code == 200
        async with console.browser("203.0.113.10") as other:
            await sign_in(other, "Ada")
            await other.see(f"/console/conversations/{talk}")
    noted = await console.access.audit.page(Filter(who="Ada"))
    assert [one.deed for one in reversed(noted)] == [
        "password.set_by_link",
        "session.started",
        "conversation.see",
        "conversation.move",
        "audit.exported",
        "session.started",
        "conversation.see",
    ]
    moved = next(one for one in noted if one.deed == "conversation.move")
    assert (moved.thing, moved.detail) == (f"conversation:{talk}", {"did": "take-over"})
    assert (await console.access.audit.verify()).broken is None


async def test_it_is_noted_again_after_ten_minutes(
    console: Console, desk: Desk, clock: StoppedClock
) -> None:
    await says(desk, "human")
    talk = (await conversation(desk)).id
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        for minutes in (0, 9, 2):
            clock.advance(timedelta(minutes=minutes))
            await ada.see(f"/console/conversations/{talk}")
    assert len(await console.access.audit.page(Filter(deed="conversation.see"))) == 2


def test_an_address_without_a_deed_does_not_start() -> None:
    async def endpoint(_: object) -> Response:
        return Response()

    with pytest.raises(TypeError, match="/console/open does not say who may use it"):
        checked([Route("/console/open", endpoint)])
    with pytest.raises(TypeError, match="/elsewhere"):
        checked([Mount("/elsewhere", routes=[])], open_=(STATIC,))
    guarded = Guarded(Rule(way=Way.PAGE, deed=Deed.TICKET_SEE), endpoint)
    assert len(checked([Route("/console/shut", guarded.answer)])) == 1
