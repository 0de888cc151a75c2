"""Users, teams and tokens through the console's pages."""

import pytest

from app.wiring import Desk
from console.services import ConsoleServices
from desk.access.policy import Deed, Kind, Role
from tests.console.conftest import HOST, Browser
from tests.console.people import PASSWORD, Console, found, is_in, sign_in


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console."""
    return Console(desk, services)


async def test_a_manager_invites_an_agent_who_comes_in(console: Console) -> None:
    async with console.signed_in("Mia", Role.MANAGER) as mia, console.browser() as kim:
        page = await mia.see("/console/users")
        assert 'value="agent"' in page
        assert 'value="manager"' not in page
        fields = {"name": "Kim <b>", "email": "kim@example.com", "role": "agent", "team": ""}
        answer = await mia.submit("/console/users", **fields)
        link = found(r'id="link"[^>]* value="([^"]+)"', answer.text)
        assert link.startswith(f"{HOST}/console/welcome/")
        path = link.removeprefix(HOST)
        await kim.post(path, data={"password": PASSWORD}, headers={"Origin": HOST})
        assert await is_in(kim)
        page = await mia.see("/console/users")
        assert "Kim &lt;b&gt;" in page
        assert "Kim <b>" not in page
        for role in ("manager", "admin"):
            fields |= {"name": "Lee", "email": "lee@example.com", "role": role}
            answer = await mia.submit("/console/users", **fields)
            assert answer.status_code == 403
            assert "Only an admin" in answer.text
        assert (await mia.submit("/console/users", **fields | {"role": "king"})).status_code == 422
        fields |= {"role": "agent", "email": "kim@example.com"}
        assert (await mia.submit("/console/users", **fields)).status_code == 409


async def test_an_admin_changes_and_sends_away(console: Console) -> None:
    kim = await console.user("Kim", Role.AGENT)
    at = f"/console/users/{kim}"
    async with console.signed_in("Ada", Role.ADMIN) as ada, console.browser() as browser:
        await sign_in(browser, "Kim")
        answer = await ada.submit(
            f"{at}/change", email="kim@example.org", role="manager", team="x"
        )
        assert "Saved." in answer.text
        assert not await is_in(browser)
        user = await console.access.users.get(kim)
        assert (user.role, user.email, user.team) == (Role.MANAGER, "kim@example.org", "x")
        assert "New link" in await ada.see(at)
        assert "Send them this link" in (await ada.submit(f"{at}/link")).text
        assert "cannot sign in any more" in (await ada.submit(f"{at}/disable")).text
        assert "Disabled" in await ada.see("/console/users")
        assert "can sign in again" in (await ada.submit(f"{at}/enable")).text
        assert (await ada.submit(f"{at}/delete")).status_code == 422
        gone = await ada.submit(f"{at}/delete", sure="yes")
        assert gone.headers["location"] == "/console/users"
        await ada.see(at, 404)


async def test_the_last_admin_is_told_so(console: Console) -> None:
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        (user,) = await console.access.users.list()
        for what in ("disable", "delete", "change"):
            answer = await ada.submit(
                f"/console/users/{user.id}/{what}", sure="yes", role="viewer"
            )
            assert answer.status_code == 409
            assert "last admin" in answer.text
        assert await is_in(ada)


async def test_a_manager_sees_an_admin_but_has_no_forms_for_them(console: Console) -> None:
    ada = await console.user("Ada", Role.ADMIN)
    async with console.signed_in("Mia", Role.MANAGER) as mia:
        page = await mia.see(f"/console/users/{ada}")
        assert "/disable" not in page
        assert (await mia.submit(f"/console/users/{ada}/link")).status_code == 403


async def test_two_tabs_and_an_old_form(console: Console) -> None:
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        old = await ada.form_token()
        await sign_in(ada, "Ada")
        answer = await ada.post(
            "/console/teams", data={"form_token": old, "name": "x"}, headers={"Origin": HOST}
        )
        assert answer.status_code == 403
        assert "from an earlier session" in answer.text
        for status in (303, 409):
            assert (await ada.submit("/console/teams", name="x")).status_code == status


async def test_teams(console: Console) -> None:
    async with console.signed_in("Mia", Role.MANAGER) as mia:
        assert "No teams yet" in await mia.see("/console/teams")
        await mia.submit("/console/teams", name=" Größe & Co ", channel="C123")
        page = await mia.see("/console/teams")
        assert "Größe &amp; Co" in page
        assert "C123" in page
        assert (await mia.submit("/console/teams", name=" \u202e ")).status_code == 422
        assert "Größe" in await mia.see("/console/users")
        await mia.submit("/console/teams/remove", name="Größe & Co")
        assert "No teams yet" in await mia.see("/console/teams")
        assert (await mia.submit("/console/teams/remove", name="x")).status_code == 404


async def test_a_token_is_shown_once_and_revoked(console: Console) -> None:
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        await ada.see("/console/tokens")
        assert (await ada.submit("/console/tokens", name="x", role="agent")).status_code == 422
        fields = {
            "scope.ticket.see": "yes",
            "scope.contact.see": "yes",
            "scope.user.change": "yes",
        }
        fields |= {"name": "<i>warehouse</i>", "role": "agent", "days": "30"}
        page = (await ada.submit("/console/tokens", **fields)).text
        text = found(r'value="(fd_[\w-]{43})"', page)
        who = await console.access.tokens.principal_of(text)
        assert who is not None
        assert (who.kind, who.scopes) == (Kind.PROGRAM, {Deed.TICKET_SEE, Deed.CONTACT_SEE})
        page = await ada.see("/console/tokens")
        assert text not in page
        assert "&lt;i&gt;warehouse" in page
        assert (await ada.submit(f"/console/tokens/{who.id}/revoke")).status_code == 303
        assert await console.access.tokens.principal_of(text) is None
        assert "Revoked" in await ada.see("/console/tokens")


async def test_every_scope_at_once_fits_into_the_form(console: Console) -> None:
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        fields = {f"scope.{deed}": "yes" for deed in Deed} | {"name": "all", "role": "admin"}
        assert "fd_" in (await ada.submit("/console/tokens", **fields)).text


async def test_bad_addresses_are_told_as_pages(mo: Browser) -> None:
    for path in ("/console/users/nothing", "/console/users/%00", "/console/users/" + "x" * 900):
        assert "There is nothing at this address" in await mo.see(path, 404)
