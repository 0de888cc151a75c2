"""Which keys a file has had already, and where: kept on the disk, for files may be longer than the memory is large."""

from collections.abc import Collection, Mapping

from pysqlite3 import dbapi2

_CACHE_KB = 8_192
_AT_ONCE = 5_000
_SETUP = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    f"PRAGMA cache_size=-{_CACHE_KB}",
    "CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID",
)


class Seen:
    """Remembers the line of every key until it is closed; the file is deleted by itself."""

    def __init__(self) -> None:
        # Without a name SQLite makes a file of its own that nobody else sees.
        self._scratch = dbapi2.connect("", isolation_level=None)
        for statement in _SETUP:
            self._scratch.execute(statement)
        self._scratch.execute("BEGIN")

    def lines(self, keys: Collection[str]) -> dict[str, int]:
        """Return the lines of those keys that were seen."""
        found: dict[str, int] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, line FROM seen WHERE key IN ({marks})"  # noqa: S608 - marks
            found.update(self._scratch.execute(query, some))
        return found

    def add(self, lines: Mapping[str, int]) -> int:
        """Remember keys, and return how many were new; one that is known keeps its line."""
        before = self._scratch.total_changes
        self._scratch.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", lines.items())
        return int(self._scratch.total_changes - before)

    def close(self) -> None:
        """Forget everything."""
        self._scratch.close()
