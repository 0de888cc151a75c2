"""The file of an analyst, read into the engine once."""

from codecs import getincrementaldecoder
from collections.abc import Sequence
from pathlib import Path

from ibis.expr.types import Table

from analytics import columns, engine
from desk.errors import InvalidError

_TEXTS = {".csv", ".tsv", ".jsonl", ".ndjson"}
_PIECE = 1 << 20


def table(path: Path, names: Sequence[str] | None = None) -> Table:
    """Return some columns of a file (without names all), held by the engine; no row is read into Python.

    Raises:
        InvalidError: the file cannot be read, a column is not there, or there is no row.
    """
    try:
        found = engine.read(engine.connect(), path)
    except InvalidError as error:
        raise _clearer(path) or error from error
    if names is not None:
        columns.known(found, names)
        found = found.select(*dict.fromkeys(names))
    try:
        held = engine.kept(found)
    except Exception as error:  # whatever the engine's reader raises is about the file
        line = " ".join(str(error).split())[:200]
        raise _clearer(path) or InvalidError(f"{path}: cannot be read: {line}") from error
    columns.need(held, names or held.columns)
    return held


def _clearer(path: Path) -> InvalidError | None:
    """Return an error that says more than the engine's, where the reason is known."""
    if path.suffix.lower() not in _TEXTS or not path.is_file() or _is_utf8(path):
        return None
    return InvalidError(f"{path}: it is not UTF-8 text: save it as UTF-8 and try again")


def _is_utf8(path: Path) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
