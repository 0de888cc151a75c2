"""A file as something to learn from: target, features, time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import Table

from analytics import columns
from analytics.analyses import source
from analytics.engine import kept
from analytics.insight.predict import encoding, rows
from analytics.insight.predict.leaks import Leak
from analytics.insight.predict.rows import Rows
from desk.errors import InvalidError

TARGET, AT = "target_", "at_"
_SHOWN = 5
_MANY = 0.05
_SAID = {"yes": "true", "y": "true", "t": "true", "no": "false", "n": "false", "f": "false"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an analyst asks: no features means all other columns; ``keep`` are leaks to be used all the same."""

    target: str
    time: str | None = None
    features: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    seed: int = 0


def opened(path: Path, asked: Asked) -> tuple[Table, tuple[str, ...]]:
    """Return the table with the time as ``at_``, and the names of its features.

    Raises:
        InvalidError: the file or a column cannot be used, or the target is among the features.
    """
    if asked.target in asked.features:
        raise InvalidError(f"--features: {asked.target!r} is the target; leave it out")
    if asked.time == asked.target:
        raise InvalidError("--time and --target are the same column")
    named = [asked.target, *asked.features, *([asked.time] if asked.time else ())]
    table = source.table(path, named if asked.features else None)
    columns.known(table, [*named, *asked.keep])
    others = (name for name in table.columns if name not in {asked.target, asked.time})
    features = asked.features or tuple(others)
    if not features:
        raise InvalidError("there is no column beside the target to learn from")
    if asked.time:
        table = table.mutate(**{AT: columns.moment(table, asked.time)})
        table = table.filter(table[AT].notnull())
        if not len(table.limit(1).to_pyarrow()):
            raise InvalidError(f"--time: column {asked.time!r} has no date in any row")
    return table, features


def read(table: Table, features: Sequence[str], *, timed: bool) -> Rows:
    """Encode and read; ``target_`` is the target as a number."""
    # Held, so that the sample and every figure are of the same rows.
    held = kept(table)
    columns.need(held, ())
    return rows.read(held, encoding.fit(held, features), target=TARGET, at=AT if timed else None)


def after_time(table: Table, features: Sequence[str]) -> tuple[Leak, ...]:
    """Return columns of dates that lie after the time of many rows: they were not known then."""
    dates = [name for name in features if table[name].type().is_temporal()]
    if AT not in table.columns or not dates:
        return ()
    later = {name: (table[name].cast("timestamp") > table[AT]).mean() for name in dates}
    (found,) = table.agg(**later).to_pyarrow().to_pylist()
    return tuple(
        Leak(feature=name, power=share, reason="its date lies after the time of the row")
        for name, share in found.items()
        if share is not None and share > _MANY
    )


def without_leaks(read: Rows, leaks: Sequence[Leak], keep: Sequence[str]) -> Rows:
    """Leave out what knows too much, unless it was said to stay."""
    why = {leak.feature: f"it knows too much: {leak.reason}" for leak in leaks}
    return read.without([name for name in why if name not in keep], why)


def two_values(table: Table, name: str, positive: str | None) -> tuple[Table, str, str]:
    """Return the table with ``target_`` 1 or 0, and what they stand for; rows without a target are gone.

    Without ``positive`` it is the later of the two: 1, true, yes.

    Raises:
        InvalidError: there are not exactly two values, or ``positive`` is none of them.
    """
    column = table[name]
    counts = table.filter(column.notnull()).group_by(value=column).agg(rows=ibis._.count())
    found = counts.order_by("value").limit(_SHOWN + 1).to_pyarrow()["value"].to_pylist()
    words = [_word(value) for value in found]
    if not found:
        raise InvalidError(f"column {name!r} has no value in any row")
    if len(found) != 2:
        told = ", ".join(words[:_SHOWN]) + (", ..." if len(words) > _SHOWN else "")
        more = f"{len(found)} values" if len(words) <= _SHOWN else "many values"
        raise InvalidError(
            f"column {name!r} has {more if len(found) > 1 else 'one value only'} ({told}): "
            "two are needed, such as 0 and 1"
            + ("; for amounts use: frontdesk analyze value" if _is_number(column) else "")
        )
    if column.type().is_boolean() and positive is not None:
        positive = _SAID.get(positive.lower(), positive)  # what a file calls yes is read as true
    if positive is not None and positive not in words:
        raise InvalidError(f"--positive: {positive!r} is none of: {', '.join(words)}")
    place = 1 if positive is None else words.index(positive)
    yes = found[place]
    kept = table.filter(column.notnull())
    flagged = kept.mutate(**{TARGET: (kept[name] == yes).ifelse(1.0, 0.0)})
    return flagged, words[place], words[1 - place]


def amounts(table: Table, name: str) -> Table:
    """Return the table with ``target_`` as a number; rows without one are gone.

    Raises:
        InvalidError: the column holds no numbers, or none at all.
    """
    columns.number(table, name)
    table = table.mutate(**{TARGET: encoding.clean(table[name])})
    table = table.filter(table[TARGET].notnull())
    if not len(table.limit(1).to_pyarrow()):
        raise InvalidError(f"column {name!r} has no value in any row")
    return table


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_number(column: Any) -> bool:
    return bool(column.type().is_numeric())
