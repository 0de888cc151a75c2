"""The command line on a real, migrated database, beside a desk that works on the same one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app import migrate
from app.cli import app
from desk.clock import StoppedClock
from desk.store.database import Database

ROOT = Path(__file__).resolve().parents[2]

#: For what never reaches the database: trying it on both would only take longer.
SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Frontdesk = Callable[..., Awaitable[Result]]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder, with settings for a database that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    monkeypatch.setenv("FRONTDESK_POLICIES", str(ROOT / "policies.yml"))
    return tmp_path


@pytest.fixture
def invoke(nowhere: Path) -> Frontdesk:
    """Return what runs a command as another process would: in its own event loop."""

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return run


@pytest.fixture
async def frontdesk(
    invoke: Frontdesk,
    database: Database,
    database_url: str,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Frontdesk:
    """Return what runs a command on the database of this test, at the time of this test."""
    monkeypatch.setattr("desk.clock.now", clock)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        await session.execute(
            text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrate.head()}
        )
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", database_url)
    return invoke


def failure(result: Result) -> str:
    """Return the one line of a command that refused its input."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("frontdesk: ")
    return lines[0].removeprefix("frontdesk: ")
