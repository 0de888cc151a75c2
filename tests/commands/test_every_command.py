"""What holds for all commands: help with an example, one line for what is wrong, and no secrets needed."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from app.commands import SUB_APPS
from desk.store.database import Database
from tests.commands.conftest import Frontdesk, failure

COMMANDS = [
    (group, command.name or getattr(command.callback, "__name__", ""))
    for group, sub in SUB_APPS.items()
    for command in sub.registered_commands
]

OTHER_FORM = {("automation", "export"), ("campaigns", "export"), ("segments", "export")}
"""Print a form that another command or program reads."""

ON_THE_DATABASE = [
    ("agents", "list"),
    ("inbox", "list"),
    ("outbox", "list"),
    ("conversations", "list"),
    ("tickets", "list"),
    ("report", "csat"),
    ("report", "desk"),
    ("contacts", "show", "a@example.com"),
    ("shop", "show", "1"),
]


def test_every_command_of_the_issue_is_there() -> None:
    assert {" ".join(names) for names in COMMANDS} == {
        "agents list",
        "agents add",
        "agents status",
        "users list",
        "users add",
        "users set-role",
        "users disable",
        "users enable",
        "users reset",
        "audit verify",
        "channels list",
        "channels check",
        "channels send-test",
        "updates list",
        "updates replay",
        "contacts merge",
        "contacts split",
        "contacts undo",
        "contacts merges",
        "contacts suppress",
        "contacts unsuppress",
        "contacts suppressions",
        "inbox list",
        "inbox replay",
        "outbox list",
        "outbox replay",
        "conversations list",
        "conversations show",
        "conversations take",
        "conversations reply",
        "conversations release",
        "conversations resolve",
        "tickets list",
        "tickets show",
        "tickets set",
        "contacts import",
        "contacts show",
        "shop import",
        "shop show",
        "report csat",
        "report desk",
        "slack check",
        "webhooks list",
        "webhooks add",
        "webhooks test",
        "webhooks replay",
        "nlu evaluate",
        "nlu benchmark",
        "nlu suggest",
        "nlu approve",
        "analytics refresh",
        "analyze rfm",
        "analyze clv",
        "analyze clusters",
        "analyze profile",
        "analyze respond",
        "analyze value",
        "segments suggested",
        "segments list",
        "segments show",
        "segments create",
        "segments preview",
        "segments refresh",
        "segments members",
        "segments export",
        "segments delete",
        "automation list",
        "automation check",
        "automation dry-run",
        "automation export",
        "automation import",
        "feedback list",
        "feedback send-nps",
        "report nps",
        "report ces",
        "sla list",
        "sla due",
        "tickets link",
        "tickets merge",
        "tickets unmerge",
        "analyze ab",
        "analyze recommend",
        "analyze uplift",
        "campaigns approve",
        "campaigns cancel",
        "campaigns change",
        "campaigns check",
        "campaigns compare",
        "campaigns confirm-restore",
        "campaigns create",
        "campaigns export",
        "campaigns launch",
        "campaigns list",
        "campaigns pause",
        "campaigns preview",
        "campaigns results",
        "campaigns resume",
        "campaigns show",
        "campaigns test",
        "offers add",
        "offers list",
        "offers show",
        "offers stop",
        "posts approve",
        "posts cancel",
        "posts draft",
        "posts list",
        "posts schedule",
        "posts settle",
        "posts show",
        "posts slots",
        "shop demo",
    }


@pytest.mark.parametrize(("group", "command"), COMMANDS)
async def test_help_has_an_example_and_json(invoke: Frontdesk, group: str, command: str) -> None:
    result = await invoke(group, command, "--help")
    assert result.exit_code == 0
    words = re.sub(r"\s+", " ", result.stdout)
    assert f"Example: frontdesk {group} {command}" in words
    assert "--json" in words or (group, command) in OTHER_FORM


@pytest.mark.parametrize("words", ON_THE_DATABASE)
async def test_a_missing_database_is_one_line_and_is_not_created(
    invoke: Frontdesk, nowhere: Path, words: tuple[str, ...]
) -> None:
    line = failure(await invoke(*words))
    assert "there is no database" in line
    assert line.endswith("run: frontdesk migrate")
    assert not (nowhere / "none.sqlite").exists()


async def test_a_database_of_another_revision_is_one_line(
    frontdesk: Frontdesk, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    line = failure(await frontdesk("tickets", "list"))
    assert "not up to date; run: frontdesk migrate" in line


async def test_a_database_that_breaks_is_one_line(
    frontdesk: Frontdesk, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(text("DROP TABLE delivery"))
        await session.execute(text("DROP TABLE outbox"))
    line = failure(await frontdesk("outbox", "list"))
    assert "cannot be used" in line
    assert "outbox" in line


async def test_a_server_that_is_away_is_one_line_without_the_password(
    invoke: Frontdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", "postgresql://u:topsecret@127.0.0.1:1/desk")
    line = failure(await invoke("tickets", "list"))
    assert "cannot be reached" in line
    assert "topsecret" not in line


async def test_a_wrong_setting_is_one_line_with_its_key(
    invoke: Frontdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", "mysql://x")
    assert "FRONTDESK_DATABASE_URL" in failure(await invoke("inbox", "list"))
