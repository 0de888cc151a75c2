"""The dashboard's figures as a file: a line for each part of each panel, and for each figure of a model."""

import csv
import io
from collections.abc import Iterator

import msgspec

from analytics.insight.board import Dashboard
from analytics.insight.quality import Kept
from desk.tickets.export import guarded

type Line = tuple[object, object, object, object, object]
"""Panel, key, people, money, and a share or another figure."""


def as_csv(board: Dashboard) -> str:
    """Return the file; it begins with a mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("panel", "key", "people", "money", "share"))
    writer.writerows(_panels(board))
    for name, model in board.models.items():
        writer.writerows(_figures(name, model))
    return "\ufeff" + out.getvalue()


def _panels(board: Dashboard) -> Iterator[Line]:
    for name, bars in board.bars.items():
        for bar in bars:
            money = "" if bar.money is None else f"{bar.money:.2f}"
            yield name, guarded(bar.key), bar.people, money, ""
    for place, row in enumerate(board.grid):
        for worth, count in enumerate(row, start=1):
            yield "grid", f"{5 - place}:{worth}", count, "", ""
    for n, share in enumerate(board.tenths, start=1):
        yield "tenths", n, "", f"{share * board.expected:.2f}", f"{share:.6f}"
    for cohort in board.cohorts:
        for n, kept in enumerate(cohort.shares, start=1):
            told = "" if kept is None else f"{kept:.6f}"
            yield "retention", f"{cohort.month}+{n}", cohort.people, "", told


def _figures(name: str, model: Kept) -> Iterator[Line]:
    """Yield each number of a model by its place, such as ``measures.auc`` or ``drivers.0.loss``."""
    for key, value in _flat("", msgspec.to_builtins(model)):
        number = f"{value:.6g}" if isinstance(value, float) else guarded(str(value))
        yield f"model.{name}", key, "", "", number


def _flat(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = dict(enumerate(value)).items()
    else:
        yield place, "" if value is None else value
        return
    for key, one in items:
        yield from _flat(f"{place}.{key}" if place else str(key), one)
