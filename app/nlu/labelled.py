"""Texts with their intents, from a CSV file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import intake
from desk.commerce.table_file import MALFORMED, Numbered, read
from desk.dialogue.clean import clean
from desk.errors import InvalidError

_MOST_LINES = 50
"""Lines of one text; more are a quote that is never closed, with other rows inside."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of the columns, in any case, and how the file is encoded."""

    text: str
    intent: str
    encoding: str = "utf-8-sig"


@dataclass
class Labelled:
    """(text, intent) pairs and their lines, and the lines left out: without a text or an intent."""

    examples: list[tuple[str, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


def labelled(path: Path, columns: Columns) -> Labelled:
    """Read a CSV file.

    Raises:
        InvalidError: it cannot be read, a column is missing, a row does not fit, or no row is left.
    """
    text, intent = (name.strip().lower() for name in (columns.text, columns.intent))
    _check_header(path, text, intent, columns.encoding)
    found = Labelled()
    for row in read(path, encoding=columns.encoding):
        _check(path, row, text)
        said, meant = _cell(row.values, text), _cell(row.values, intent)
        if clean(said) and meant:
            found.examples.append((said, meant))
            found.lines.append(row.line)
        else:
            found.empty.append(row.line)
    if not found.examples:
        raise InvalidError(f"{path.name} has no row with both {text} and {intent}")
    return found


def _check_header(path: Path, text: str, intent: str, encoding: str) -> None:
    names = intake.header(path, encoding)
    if names is None or not any(names):
        return  # the reader says why
    missing = [column for column in (text, intent) if column not in names]
    if missing:
        raise InvalidError(
            f"{path.name} has no column {' or '.join(missing)}; it has: {', '.join(names)}; "
            "wanted: a column with texts (--text) and one with intents (--intent)"
        )
    twice = [column for column in (text, intent) if names.count(column) > 1]
    if twice:
        raise InvalidError(f"{path.name} has the column {twice[0]} more than once")


def _check(path: Path, row: Numbered, text: str) -> None:
    if MALFORMED in row.values:
        raise InvalidError(
            f"{path.name} line {row.line}: {row.values[MALFORMED]}; is a text with a comma not quoted?"
        )
    if _cell(row.values, text).count("\n") >= _MOST_LINES:
        raise InvalidError(f"{path.name} line {row.line}: a quote is opened and not closed")


def _cell(values: Mapping[str, Any], column: str) -> str:
    return str(values.get(column, "")).strip()
