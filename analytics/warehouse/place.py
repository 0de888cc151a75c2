"""Where the engine's tables are: a DuckDB file beside the desk's data, or another backend by its URL.

A DuckDB file is never changed where it is: who writes works on a copy and puts it in the place of the old one at the
end. Readers of any process go on undisturbed, and a run that is cut leaves everything as it was.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

import ibis
from ibis.backends import BaseBackend

from analytics.engine import connect
from desk.errors import ConflictError, NotFoundError, SettingsError

_FILE = "analytics.duckdb"
_DUCKDB = "duckdb://"
_ONLY_READ = frozenset({"pyspark"})


class Warehouse:
    """Opens the engine's tables, to read or to write; one process writes at a time."""

    def __init__(self, data_dir: Path, url: str | None = None) -> None:
        self._url = url
        self._lock = data_dir / "analytics.lock"
        self.file = _file(data_dir, url)
        """The DuckDB file; None with another backend."""

    @contextmanager
    def reading(self) -> Iterator[BaseBackend]:
        """Open the tables as the last writer left them; keep it open only while you ask.

        Raises:
            NotFoundError: nothing has been written yet.
            SettingsError: the backend cannot be reached.
        """
        if self.file is None:
            with _closing(connect(self._url)) as engine:
                yield engine
            return
        if not self.file.is_file():
            raise NotFoundError("nothing is computed yet; run: frontdesk analytics refresh")
        with _closing(_open(self.file, read_only=True)) as engine:
            yield engine

    @contextmanager
    def writing(self) -> Iterator[BaseBackend]:
        """Open the tables to change them; what is changed holds when the block ends without an error.

        With another backend than DuckDB and PostgreSQL the block itself has to change things at once, see ``store``.

        Raises:
            ConflictError: another process is writing.
            SettingsError: the backend cannot be reached, or tables cannot be kept up to date there.
        """
        scheme = (self._url or _DUCKDB).partition(":")[0]
        if scheme in _ONLY_READ:
            raise SettingsError(
                f"FRONTDESK_ANALYTICS_URL: {scheme!r} can be read from, but tables are not kept up to date there: "
                "rows cannot be changed in it; use duckdb://FILE or postgres://USER:PASSWORD@HOST/DATABASE"
            )
        with _alone(self._lock):
            if self.file is None:
                with _closing(connect(self._url)) as engine, _transaction(engine):
                    yield engine
                return
            copy = self.file.with_name(f"{self.file.name}.next")
            _forget(copy)
            try:
                if self.file.is_file():
                    shutil.copyfile(self.file, copy)
                with _closing(_open(copy)) as engine:
                    yield engine
                copy.replace(self.file)
            finally:
                _forget(copy)


@contextmanager
def _transaction(engine: BaseBackend) -> Iterator[None]:
    """Let all changes hold at the end or none, where the backend can; other machines may write there, too."""
    if engine.name != "postgres":
        yield
        return
    with engine.con.transaction(), engine.con.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('frontdesk analytics'))")
        if not cursor.fetchone()[0]:
            raise ConflictError("another machine is refreshing analytics; let it end")
        yield


def _file(data_dir: Path, url: str | None) -> Path | None:
    if url is None:
        return data_dir / _FILE
    if not url.startswith(_DUCKDB):
        return None
    path = unquote(url.removeprefix(_DUCKDB).partition("?")[0])
    if path in ("", ":memory:"):
        raise SettingsError(
            "FRONTDESK_ANALYTICS_URL: name a file, such as duckdb://var/analytics.duckdb"
        )
    return Path(path)


def _open(path: Path, *, read_only: bool = False) -> BaseBackend:
    try:
        return ibis.duckdb.connect(path, read_only=read_only)
    except Exception as error:  # what DuckDB raises depends on what is wrong with the file
        line = " ".join(str(error).split())[:200]
        raise SettingsError(f"{path} cannot be used for analytics: {line}") from error


def _forget(copy: Path) -> None:
    for path in (copy, copy.with_name(f"{copy.name}.wal")):
        with suppress(FileNotFoundError):
            path.unlink()


@contextmanager
def _closing(engine: BaseBackend) -> Iterator[BaseBackend]:
    try:
        yield engine
    finally:
        engine.disconnect()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock; the system gives it back when the process dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            who = file.read().strip()
            named = f" (process {who})" if who else ""
            raise ConflictError(
                f"another process{named} is refreshing analytics; let it end"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
