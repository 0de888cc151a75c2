"""What commands print: a table or words for people, one JSON document for programs, progress beside it."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most, newest first.")]

_WIDE = 240
"""Columns where there is no terminal whose width could be asked for."""


def console() -> Console:
    """Return a console on standard output; into a file or a pipe no line is cut."""
    width = None if sys.stdout.isatty() else _WIDE
    return Console(file=sys.stdout, width=width, highlight=False)


def say(text: str) -> None:
    """Print a sentence."""
    console().print(visible(text), soft_wrap=True)


def warn(text: str) -> None:
    """Print a sentence on standard error."""
    Console(file=sys.stderr, highlight=False).print(visible(text), soft_wrap=True)


def print_json(data: object) -> None:
    """Print a JSON document; times are ISO 8601 in UTC."""
    typer.echo(json.dumps(_plain(data), ensure_ascii=False, indent=2, allow_nan=False))


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows; every cell is shown as it is, never read as markup. Without names there is no header."""
    table = Table(
        title=visible(title), title_justify="left", header_style="bold", show_header=any(columns)
    )
    for name in columns:
        # Ids and numbers are copied into the next command, so they are never cut.
        table.add_column(name, no_wrap=name in {"id", "number"}, overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console().print(table)


def cell(value: object) -> Text:
    """Return a value as it stands in a table; nothing is a dash."""
    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, datetime):
        return Text(f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return visible(str(value))


def visible(text: str) -> Text:
    """Return a text without control characters: a customer's words must not steer the terminal."""
    return Text("".join(c if _is_visible(c) else "\N{REPLACEMENT CHARACTER}" for c in text))


def _is_visible(character: str) -> bool:
    # Joiners hold emoji together.
    return character in "\n\t\u200c\u200d" or unicodedata.category(character)[0] != "C"


def shortened(text: str, longest: int = 60) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error; what is given is called with how much is done so far.

    A ``total`` of None means that it is not known. Into a file or a pipe no bar is shown.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def lines(title: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on standard error with the latest line that what is given is called with.

    Into a file or a pipe nothing is shown.
    """
    shown = Console(file=sys.stderr)
    if not shown.is_terminal:
        yield lambda _: None
        return
    with shown.status(title) as status:
        yield lambda line: status.update(visible(f"{title}: {shortened(line, 100)}"))
