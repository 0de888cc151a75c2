"""What a machine knows of a database besides the database itself: a file for each of its lives.

Written after each fence and before the send, past any buffer of ours; not forced to the disk, as a power cut and an
old backup in the same minute are a worse case than one write more for each message is worth.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "campaigns"
"""Where the files are, in the folder of a machine's data."""
_LONG = 128


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The newest beat that was seen, and the last row that was fenced here, with its number of attempts."""

    beat: int = 0
    row: int = 0
    attempts: int = 0


class Marks:
    """The files of one machine, in one folder. Its processes share them: the last one to write is the one to know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, int] = {}

    def read(self, name: str) -> Mark | None:
        """Return what is known of a life of the database; None when nothing is."""
        try:
            return Mark(**json.loads(self._path(name).read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, name: str, mark: Mark) -> None:
        """Keep what is known: in one write of one length, so that nobody reads half of it."""
        if name not in self._open:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open[name] = os.open(self._path(name), os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(self._open[name], json.dumps(asdict(mark)).ljust(_LONG).encode(), 0)

    def close(self) -> None:
        """Let go of the files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
