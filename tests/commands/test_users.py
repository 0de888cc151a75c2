"""``frontdesk users`` and ``frontdesk audit``."""

import json
import re

import pytest
from sqlalchemy import update

from desk.access.audit import Audit, Filter
from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.access import AuditRow
from tests.commands.conftest import Frontdesk, failure
from tests.conftest import SECRET


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", SECRET)
    monkeypatch.setenv("FRONTDESK_PUBLIC_URL", "https://desk.example.com/")


async def test_users_are_added_changed_and_sent_away(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock
) -> None:
    assert "There are no users yet" in (await frontdesk("users", "list")).stdout
    added = await frontdesk("users", "add", "Zoë", "Zoe@example.com", "--role", "admin")
    link = re.compile(
        r"https://desk\.example\.com/console/welcome/[0-9a-f]{32}\.\d\.\d+\.[\w-]{43}"
    )
    assert link.search(added.stdout)
    (row,) = json.loads((await frontdesk("users", "list", "--json")).stdout)
    assert (row["name"], row["email"], row["role"]) == ("Zoë", "zoe@example.com", "admin")
    assert "password_hash" not in row
    changed = await frontdesk("users", "set-role", "zoe@example.com", "manager")
    assert changed.stdout == "Zoë is now: manager.\n"
    assert "cannot sign in" in (await frontdesk("users", "disable", "zoe@example.com")).stdout
    assert "can sign in again" in (await frontdesk("users", "enable", "zoe@example.com")).stdout
    reset = await frontdesk("users", "reset", "zoe@example.com", "--second-step")
    assert link.search(reset.stdout)
    assert "Zoë" in (await frontdesk("users", "list")).stdout
    noted = await Audit(database, clock).page(Filter())
    assert all(one.who.endswith("(command line)") for one in noted)
    assert len(noted) == 6


async def test_what_is_wrong_is_one_line(frontdesk: Frontdesk) -> None:
    await frontdesk("users", "add", "Kim", "kim@example.com")
    again = failure(await frontdesk("users", "add", "Lee", "kim@example.com"))
    assert again == "Somebody else has this name or this e-mail address already."
    assert failure(await frontdesk("users", "disable", "who@example.com")) == (
        "there is no user who@example.com"
    )
    assert "none of" in failure(await frontdesk("users", "set-role", "kim@example.com", "king"))
    assert "no e-mail" in failure(await frontdesk("users", "add", "Lee", "lee"))


async def test_without_a_secret_key_no_link_is_made(
    frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTDESK_SECRET_KEY")
    assert "secret key" in failure(await frontdesk("users", "add", "Kim", "kim@example.com"))
    assert "There are no users yet" in (await frontdesk("users", "list")).stdout


async def test_the_record_is_checked_against_a_seal(
    frontdesk: Frontdesk, database: Database
) -> None:
    empty = await frontdesk("audit", "verify")
    assert empty.stdout.startswith("0 rows are as they were written.")
    await frontdesk("users", "add", "Kim", "kim@example.com")
    await frontdesk("users", "add", "Lee", "lee@example.com")
    whole = await frontdesk("audit", "verify")
    seal = whole.stdout.split()[-1]
    assert re.fullmatch(r"2:[0-9a-f]{64}", seal)
    assert (await frontdesk("audit", "verify", "--seal", seal)).exit_code == 0
    other = await frontdesk("audit", "verify", "--seal", f"2:{'0' * 64}")
    assert (other.exit_code, "written anew" in other.stdout) == (1, True)
    assert "NUMBER:HASH" in failure(await frontdesk("audit", "verify", "--seal", "x"))
    async with database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.number == 1).values(who="x"))
    broken = await frontdesk("audit", "verify", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["broken"] == 1
