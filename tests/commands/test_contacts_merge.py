"""``frontdesk contacts merge | split | undo | merges``: an operator sorts out who is who."""

import json
from typing import Any

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.contact import ContactIdentityRow
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.conftest import NOON
from tests.contacts.people import People


@pytest.fixture
def people(database: Database, clock: StoppedClock) -> People:
    """Return what makes people."""
    return People(database, clock())


async def _json(frontdesk: Frontdesk, *arguments: str) -> Any:
    result = await frontdesk("contacts", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_merge_and_undo(frontdesk: Frontdesk, people: People) -> None:
    kept = await people.person(email="ada@example.com")
    other = await people.person("other", phone="+15550100")
    before = await people.belongings()
    seen = await _json(frontdesk, "merge", "ADA@example.com", other, "--preview")
    assert (seen["moves"]["tickets"], seen["fills"]) == (1, ["phone"])
    assert await people.belongings() == before
    result = await frontdesk("contacts", "merge", "ada@example.com", other, "--yes", "--by", "Kim")
    assert result.exit_code == 0, result.output
    assert f"{other} becomes part of {kept}." in result.stdout
    assert f"Moved to {kept}: handles 1, conversations 1." in result.stdout
    assert set((await people.belongings()).values()) == {kept}
    (made,) = await _json(frontdesk, "merges", "--contact", "ada@example.com")
    assert (made["kind"], made["by"], made["proof"]) == ("merge", "Kim", "agent")
    assert f" {made['id']} " in (await frontdesk("contacts", "merges")).stdout
    assert f"frontdesk contacts undo {made['id']}" in result.stdout
    undone = await frontdesk("contacts", "undo", str(made["id"]), "--yes")
    assert "are as before" in undone.stdout
    assert await people.belongings() == before
    line = failure(await frontdesk("contacts", "undo", str(made["id"]), "--yes"))
    assert line == f"{made['id']} is undone already"


async def test_split_by_the_handle_that_show_names(frontdesk: Frontdesk, people: People) -> None:
    contact = await people.person(email="ada@example.com")
    await people.talk(await people.handle(contact, "other"))
    shown = await _json(frontdesk, "show", "ada@example.com")
    handle = shown["identities"][1]["id"]
    assert handle in (await frontdesk("contacts", "show", contact)).stdout
    made = await _json(frontdesk, "split", handle, "--yes", "--why", "two people, one tablet")
    assert (made["kind"], made["why"]) == ("split", "two people, one tablet")
    (row,) = [one for one in await people.rows(ContactIdentityRow) if one.id == handle]
    assert row.contact_id == made["other_id"] != contact


async def test_two_customers_need_force(frontdesk: Frontdesk, people: People) -> None:
    ids = [
        await people.person(customer_id=await people.customer(), verified_at=NOON) for _ in "ab"
    ]
    refused = await frontdesk("contacts", "merge", *ids, "--yes")
    assert refused.exit_code == 2
    assert "two different customers" in refused.stderr
    assert "needs --force" in refused.stdout
    assert (await frontdesk("contacts", "merge", *ids, "--yes", "--force")).exit_code == 0


@SQLITE_ONLY
async def test_nothing_is_changed_without_a_yes(frontdesk: Frontdesk, people: People) -> None:
    kept, other = await people.person(), await people.person()
    refused = await frontdesk("contacts", "merge", kept, other)
    assert (refused.exit_code, "add --yes" in refused.stderr) == (2, True)
    for arguments in (("split", "x"), ("undo", "1")):
        assert failure(await frontdesk("contacts", *arguments)).endswith("add --yes")
    assert set((await people.belongings()).values()) == {kept, other}
    assert (await frontdesk("contacts", "merges")).stdout == "Nobody was merged or split.\n"


@SQLITE_ONLY
async def test_what_is_not_there_is_said_in_one_line(frontdesk: Frontdesk, people: People) -> None:
    contact = await people.person()
    line = failure(await frontdesk("contacts", "merge", contact, "nobody", "--yes"))
    assert line == "there is no contact 'nobody'; give an id or an e-mail"
    line = failure(await frontdesk("contacts", "merge", contact, contact, "--yes"))
    assert line == "a contact cannot be merged with itself"
    assert failure(await frontdesk("contacts", "undo", "7", "--yes")) == "there is no merge 7"
    assert failure(await frontdesk("contacts", "split", "x", "--yes")) == "there is no handle x"
