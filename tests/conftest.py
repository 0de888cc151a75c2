"""Fixtures for everybody: real databases, a stopped clock, a desk with twins at its edges."""

import asyncio
import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database
from tests.browser.site import Site
from tests.databases import (
    compile_once,
    fresh_postgres,
    postgres_server,
    quick_folder,
    template_in,
)
from tests.running import RunningDesk
from tests.spread import Spread, long_first

# The PostgreSQL wheel looks for a run-time folder when it is imported, and warns without one.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="frontdesk-"))
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_folder()))
ROOT = Path(__file__).resolve().parents[1]
# Containers often forbid bytecode. Then each of the hundred processes of a run would compile all that it imports,
# which is more than half of its start; so it is kept where pytest keeps things.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".pytest_cache" / "bytecode"))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday: the desk is open
SECRET = "a-secret-for-tests-only-0123456789abcdef"
TOKEN = "a-token-for-tests-only-0123456789"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FRONTDESK_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _compile_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compile_once(patch)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a real PostgreSQL for this run and return its URL."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables and no rows."""
    return asyncio.run(template_in(tmp_path_factory.mktemp("template")))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database with all tables and no rows: SQLite and PostgreSQL in turn."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("template"), tmp_path / "desk.sqlite")
        yield f"sqlite:///{path}"
        return
    with fresh_postgres(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return a database with all tables."""
    database = Database(database_url)
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
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Return settings for tests."""
    return Settings(
        _env_file=None,
        data_dir=tmp_path,
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


@pytest.fixture(scope="session")
def other_site() -> Iterator[Site]:
    """Serve a web site of somebody else on this machine."""
    with Site() as site:
        yield site


@pytest.fixture(scope="session")
def own_desk(
    tmp_path_factory: pytest.TempPathFactory, running: RunningDesk, other_site: Site
) -> Iterator[RunningDesk]:
    """Start a second desk, which tests may hurt and must mend, and that lets the other site use its chat.

    The shared one was prepared before it, so that nothing is trained twice.
    """
    assert running.pid
    env = {
        "FRONTDESK_CHAT_ORIGINS": other_site.origin,
        "FRONTDESK_DIALOGUE_TIMEOUT": "8",  # how long tests wait for an assistant that stands still
    }
    desk = RunningDesk(tmp_path_factory.mktemp("own-desk"), "--demo", env=env)
    desk.start()
    try:
        desk.wait()
        yield desk
    finally:
        desk.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; tests of one name, as generated ones are, would be run once by several processes."""
    items.sort(key=lambda item: long_first(item.nodeid))
    named: Counter[str] = Counter()
    for item in items:
        named[item.nodeid] += 1
        if (number := named[item.nodeid]) > 1:
            item._id = item._id.parse(f"{item.nodeid}[{number}]")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    """Say which tests belong together when several processes run them."""
    return Spread(config, log)


def pytest_sessionfinish() -> None:
    """Close the engine of tables that have none of their own: left open, it complains after pytest's last line."""
    ibis = sys.modules.get("ibis")
    if ibis is not None and ibis.options.default_backend is not None:
        ibis.options.default_backend.disconnect()
        ibis.options.default_backend = None
        gc.collect()
