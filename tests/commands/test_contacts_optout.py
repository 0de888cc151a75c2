"""``frontdesk contacts suppress | unsuppress | suppressions``."""

import json

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.suppression import SuppressionRow
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.conftest import SECRET
from tests.contacts.people import People

ADA = "ada@example.com"


@pytest.fixture
async def people(
    database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> People:
    """Return somebody to write to, and a secret."""
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", SECRET)
    people = People(database, clock())
    await people.contact(email=ADA)
    return people


async def test_suppress_list_and_lift(frontdesk: Frontdesk, people: People) -> None:
    for said in ("Suppressed.", "That stands already."):
        result = await frontdesk(
            "contacts", "suppress", ADA, "--channel", "email", "--why", "a letter", "--by", "Kim"
        )
        assert (result.exit_code, said in result.stdout) == (0, True), result.output
    listed = json.loads((await frontdesk("contacts", "suppressions", ADA, "--json")).stdout)
    assert [(one["channel"], one["reason"], one["note"]) for one in listed[:1]] == [
        ("email", "by_agent", "a letter")
    ]
    assert "a letter" in (await frontdesk("contacts", "suppressions", ADA)).stdout
    lifted = await frontdesk("contacts", "unsuppress", ADA, "--why", "phoned", "--by", "Kim")
    assert lifted.exit_code == 0, lifted.output
    assert all(row.lifted_at for row in await people.rows(SuppressionRow))
    again = failure(await frontdesk("contacts", "unsuppress", ADA, "--why", "phoned"))
    assert "nothing is suppressed" in again


@SQLITE_ONLY
async def test_what_cannot_be(frontdesk: Frontdesk, people: People) -> None:
    nobody = await frontdesk("contacts", "suppress", "x@example.com", "--why", "x")
    assert "there is no contact" in failure(nobody)
    own = await frontdesk("contacts", "suppress", ADA, "--why", "x", "--reason", "stopped")
    assert own.exit_code == 2
    assert (await frontdesk("contacts", "suppress", ADA)).exit_code == 2, "a reason is needed"


@SQLITE_ONLY
async def test_without_a_secret_it_says_what_to_do(
    frontdesk: Frontdesk, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTDESK_SECRET_KEY")
    line = failure(await frontdesk("contacts", "suppress", ADA, "--why", "x"))
    assert "FRONTDESK_SECRET_KEY" in line
