"""The file of an experiment as columns of numbers: one row for each contact, with the arm it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import ibis
import numpy as np
from ibis.expr.types import Table
from numpy.typing import NDArray

from analytics import columns
from analytics.analyses import source
from analytics.experiments.samples import Numbers
from analytics.insight.predict.encoding import clean
from desk.errors import InvalidError

_MOST_ARMS = 20
_ARM, _USER, _AT = "arm_", "user_", "at_"
_CONTROLS = ("control", "a", "0", "false", "old", "baseline", "off")
"""Names that a control has when nobody says which it is."""


@dataclass(frozen=True, kw_only=True)
class AbAsked:
    """What an analyst asks. Of several outcomes the first decides.

    ``guards`` are figures of which more is worse, with what is tolerated; ``shares`` are the weights that the split
    should have had, equal ones when empty.
    """

    variant: str
    outcomes: tuple[str, ...]
    control: str | None = None
    before: tuple[str, ...] = ()
    user: str | None = None
    time: str | None = None
    guards: tuple[tuple[str, float], ...] = ()
    shares: tuple[tuple[str, float], ...] = ()
    planned: int | None = None
    alpha: float = 0.05
    tolerated: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The rows of a file. ``arm`` is the place of each row's arm in ``arms``, the control first.

    ``values`` are columns by name, with NaN where a value is missing; ``at`` are seconds, the rows are in their order.
    """

    arms: tuple[str, ...]
    arm: NDArray[np.int64]
    values: dict[str, Numbers]
    at: NDArray[np.int64] | None
    rows: int
    without_arm: int
    of_two_arms: int


def read(path: Path, asked: AbAsked) -> Experiment:
    """Read the columns of a file that are asked for.

    Raises:
        InvalidError: the file or a column cannot be used, or there are not at least two arms.
    """
    names = (*asked.outcomes, *asked.before, *(name for name, _ in asked.guards))
    _distinct(asked, names)
    more = [name for name in (asked.user, asked.time) if name]
    table = source.table(path, [asked.variant, *names, *more])
    read = {name: _number(table, name) for name in names}
    if asked.time:
        read[_AT] = columns.moment(table, asked.time).epoch_seconds()
    if asked.user:
        read[_USER] = table[asked.user].cast("string")
    found = table.select(**{_ARM: table[asked.variant].cast("string")}, **read)
    rows = int(found.count().to_pyarrow().as_py())
    known = found.filter(found[_ARM].notnull())
    if asked.time:
        known = known.filter(known[_AT].notnull())
    gone = rows - int(known.count().to_pyarrow().as_py())
    twice = 0
    if asked.user:
        known, twice = _one_row_each(known, asked, read)
    return _experiment(known, asked, names, rows, gone, twice)


def _distinct(asked: AbAsked, names: Sequence[str]) -> None:
    if not asked.outcomes:
        raise InvalidError("--outcome: name at least one column")
    for name in (asked.variant, asked.user, asked.time):
        if name in names:
            raise InvalidError(f"column {name!r} is named twice, for different things")
    for name in names:
        if names.count(name) > 1:
            raise InvalidError(f"column {name!r} is named twice: leave one out")


def _number(table: Table, name: str) -> ibis.Value:
    kind = table[name].type()
    if not (kind.is_numeric() or kind.is_boolean()):
        raise InvalidError(
            f"column {name!r} holds {kind}, but numbers are needed (0 and 1 for no and yes)"
        )
    return clean(table[name])


def _one_row_each(table: Table, asked: AbAsked, read: dict[str, ibis.Value]) -> tuple[Table, int]:
    """Return one row for each user: amounts are added up, what is 0 or 1 becomes 1 if it ever was."""
    table = table.filter(table[_USER].notnull())
    flags = _flags(table, [name for name in read if name not in {_USER, _AT}])
    told = {
        name: table[name].max() if name in flags or name in asked.before else table[name].sum()
        for name in read
        if name not in {_USER, _AT}
    }
    if _AT in read:
        told[_AT] = table[_AT].min()
    grouped = table.group_by(_USER).agg(
        **{_ARM: table[_ARM].min()}, arms_=table[_ARM].nunique(), **told
    )
    twice = int(grouped.filter(grouped.arms_ > 1).count().to_pyarrow().as_py())
    return grouped.filter(grouped.arms_ == 1), twice


def _flags(table: Table, names: Sequence[str]) -> set[str]:
    """Return the columns that hold nothing but 0 and 1."""
    asked = {f"c{n}": (table[name].notin([0.0, 1.0])).sum() for n, name in enumerate(names)}
    (found,) = table.agg(**asked).to_pyarrow().to_pylist() if asked else ({},)
    return {name for n, name in enumerate(names) if not found[f"c{n}"]}


def _experiment(
    table: Table, asked: AbAsked, names: Sequence[str], rows: int, gone: int, twice: int
) -> Experiment:
    counts = table.group_by(_ARM).agg(rows=table.count()).order_by(_ARM)
    arms = counts.limit(_MOST_ARMS + 1).to_pyarrow()[_ARM].to_pylist()
    if len(arms) > _MOST_ARMS:
        raise InvalidError(
            f"--variant: column {asked.variant!r} has more than {_MOST_ARMS} different values: name the column "
            "that says which variant each row got"
        )
    if len(arms) < 2:
        told = f"one variant only ({arms[0]})" if arms else "no variant in any row"
        raise InvalidError(f"--variant: column {asked.variant!r} has {told}: two are needed")
    control = _control(arms, asked.control)
    ordered = (control, *(arm for arm in arms if arm != control))
    found = (table.order_by(_AT) if asked.time else table).to_pyarrow()
    places = {name: place for place, name in enumerate(ordered)}
    return Experiment(
        arms=ordered,
        arm=np.array([places[arm] for arm in found[_ARM].to_pylist()], np.int64),
        values={name: _filled(found[name]) for name in names},
        at=found[_AT].to_numpy().astype(np.int64) if asked.time else None,
        rows=rows,
        without_arm=gone,
        of_two_arms=twice,
    )


def _filled(column: ibis.Value) -> Numbers:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _control(arms: Sequence[str], named: str | None) -> str:
    if named is not None:
        if named not in arms:
            raise InvalidError(f"--control: {named!r} is none of: {', '.join(arms)}")
        return named
    for likely in _CONTROLS:
        for arm in arms:
            if arm.strip().lower() == likely:
                return arm
    raise InvalidError(f"--control: say which of {', '.join(arms)} the others are compared with")


def weights(arms: Sequence[str], shares: Sequence[tuple[str, float]]) -> list[float]:
    """Return the weight that each arm should have had, equal ones when none are given.

    Raises:
        InvalidError: one is missing, of no such arm, or not above 0.
    """
    given = dict(shares)
    if not given:
        return [1.0] * len(arms)
    for name in given:
        if name not in arms:
            raise InvalidError(f"--shares: {name!r} is none of: {', '.join(arms)}")
    for arm in arms:
        if not (isfinite(given.get(arm, 0)) and given.get(arm, 0) > 0):
            raise InvalidError(f"--shares: give {arm!r} a share above 0, as in {arm}=1")
    return [given[arm] for arm in arms]
