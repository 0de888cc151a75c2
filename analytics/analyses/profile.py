"""What the columns of a file hold: how numbers, words and dates are distributed, and what is missing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import Table

from analytics.analyses import source
from analytics.insight.predict.encoding import clean

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS = 20
_MOST_WORDS = 20


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many rows have this word, lie in this month, or from ``low`` up to ``high`` (the last one included)."""

    name: str
    rows: int
    share: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """One column. ``figures`` has mean, deviation, min, quantiles and max of numbers, first and last of dates.

    ``counts`` are a histogram, the commonest words (then ``others`` are the rows of all others), or months.
    """

    name: str
    kind: str
    missing: int
    different: int
    figures: dict[str, float | str]
    counts: tuple[Count, ...]
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class ProfileReport:
    """All columns, in their order."""

    rows: int
    columns: tuple[ColumnProfile, ...]


def report(path: Path, names: tuple[str, ...] = ()) -> ProfileReport:
    """Describe a file's columns, or some of them.

    Raises:
        InvalidError: the file or a column cannot be used.
    """
    table = source.table(path, names or None)
    rows = int(table.count().to_pyarrow().as_py())
    return ProfileReport(
        rows=rows, columns=tuple(_column(table, name, rows) for name in table.columns)
    )


def _column(table: Table, name: str, rows: int) -> ColumnProfile:
    column, kind = table[name], table[name].type()
    if kind.is_numeric():
        return _numbers(table.select(x=clean(column)), name, rows)
    if kind.is_timestamp() or kind.is_date():
        return _dates(table.select(x=column.cast("timestamp")), name, rows)
    return _words(table.select(x=column.cast("string")), name, rows)


def _facts(table: Table, **more: Any) -> dict[str, Any]:
    facts: dict[str, Any] = (
        table.agg(known=table.x.count(), different=table.x.nunique(), **more)
        .to_pyarrow()
        .to_pylist()[0]
    )
    return facts


def _numbers(table: Table, name: str, rows: int) -> ColumnProfile:
    x = table.x
    quantiles = {f"q{100 * q:.0f}": x.quantile(q) for q in _QUANTILES}
    facts = _facts(table, mean=x.mean(), deviation=x.std(), min=x.min(), max=x.max(), **quantiles)
    known = facts.pop("known")
    different = facts.pop("different")
    order = ("mean", "deviation", "min", *quantiles, "max")
    return ColumnProfile(
        name=name,
        kind="numbers",
        missing=rows - known,
        different=different,
        figures={key: float(facts[key]) for key in order if facts[key] is not None},
        counts=_histogram(table, facts["min"], facts["max"], known) if known else (),
    )


def _histogram(table: Table, low: float, high: float, known: int) -> tuple[Count, ...]:
    bins = _BINS if high > low else 1
    width = (high - low) / bins or 1.0
    place = ((table.x - low) / width).floor().cast("int64")
    numbered = table.filter(table.x.notnull()).mutate(place=ibis.least(place, bins - 1))
    counts = numbered.group_by("place").agg(rows=numbered.count()).to_pyarrow().to_pylist()
    by_place = {one["place"]: one["rows"] for one in counts}
    edges = [low + number * (high - low) / bins for number in range(bins)] + [high]
    return tuple(
        Count(
            name=f"{edges[n]:.4g} to {edges[n + 1]:.4g}",
            rows=by_place.get(n, 0),
            share=by_place.get(n, 0) / known,
            low=edges[n],
            high=edges[n + 1],
        )
        for n in range(bins)
    )


def _dates(table: Table, name: str, rows: int) -> ColumnProfile:
    facts = _facts(table, first=table.x.min(), last=table.x.max())
    known = facts["known"]
    monthly = table.filter(table.x.notnull()).group_by(month=table.x.truncate("M"))
    months = monthly.agg(rows=ibis._.count()).order_by("month").to_pyarrow().to_pylist()
    return ColumnProfile(
        name=name,
        kind="dates",
        missing=rows - known,
        different=facts["different"],
        figures={
            key: facts[key].isoformat(" ") for key in ("first", "last") if facts[key] is not None
        },
        counts=tuple(
            Count(name=f"{one['month']:%Y-%m}", rows=one["rows"], share=one["rows"] / known)
            for one in months
        ),
    )


def _words(table: Table, name: str, rows: int) -> ColumnProfile:
    facts = _facts(table)
    known = facts["known"]
    grouped = table.filter(table.x.notnull()).group_by("x").agg(rows=ibis._.count())
    found = grouped.order_by(ibis.desc("rows"), "x").limit(_MOST_WORDS).to_pyarrow().to_pylist()
    return ColumnProfile(
        name=name,
        kind="words",
        missing=rows - known,
        different=facts["different"],
        figures={},
        counts=tuple(
            Count(name=one["x"], rows=one["rows"], share=one["rows"] / known) for one in found
        ),
        others=known - sum(one["rows"] for one in found),
    )
