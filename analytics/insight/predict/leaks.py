"""Features that know too much: they tell the outcome because they were written down after it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.insight.predict.encoding import Kind
from analytics.insight.predict.measures import auc
from analytics.insight.predict.rows import Rows

_TOO_GOOD = 0.98
"""An ROC AUC that no single feature known beforehand reaches in practice."""
_TOO_CLOSE = 0.999
"""A squared correlation with money that only the money itself reaches."""


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A feature that alone tells the target almost perfectly: ``power`` is its AUC, or its share of the variance."""

    feature: str
    power: float
    reason: str


def of_classes(rows: Rows) -> tuple[Leak, ...]:
    """Return features that alone separate the classes, by value or by being missing."""
    found = []
    for name, parts in _by_feature(rows).items():
        power = _power(rows, parts)
        if power >= _TOO_GOOD:
            missing = _missing(rows, parts)
            reason = (
                "it is filled in almost only where the target is one of the two"
                if missing is not None and max(missing, 1 - missing) >= _TOO_GOOD
                else "alone it tells the target almost perfectly"
            )
            found.append(Leak(feature=name, power=power, reason=reason))
    return tuple(found)


def of_amounts(rows: Rows) -> tuple[Leak, ...]:
    """Return features that alone are the amount, but for a factor and a shift."""
    found = []
    for name, parts in _by_feature(rows).items():
        values = rows.values[:, parts]
        design = np.column_stack([np.ones(len(values)), values])
        guess = design @ np.linalg.lstsq(design, rows.target, rcond=None)[0]
        around = np.var(rows.target)
        power = 1 - float(np.var(rows.target - guess) / around) if around else 0.0
        if power >= _TOO_CLOSE:
            reason = "alone it tells the target almost perfectly"
            found.append(Leak(feature=name, power=power, reason=reason))
    return tuple(found)


def _by_feature(rows: Rows) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, part in enumerate(rows.encoding.parts):
        found.setdefault(part.feature, []).append(number)
    return found


def _power(rows: Rows, parts: list[int]) -> float:
    """Return the AUC of the best way to order rows by one feature: its number either way, or each word's rate."""
    kinds = [rows.encoding.parts[number].kind for number in parts]
    number = rows.values[:, parts[0]]
    best = 0.0
    if kinds[0] is Kind.NUMBER:
        area = auc(rows.target, number)
        best = max(area, 1 - area)
    if Kind.MISSING in kinds or kinds[0] is not Kind.NUMBER:
        flags = rows.values[
            :, [p for p, kind in zip(parts, kinds, strict=True) if kind is not Kind.NUMBER]
        ]
        best = max(best, auc(rows.target, _rates(flags, rows.target)))
    return best


def _rates(flags: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each row the rate of its group of equal flags."""
    groups = flags @ np.arange(1, flags.shape[1] + 1)
    _, place = np.unique(groups, return_inverse=True)
    return np.asarray((np.bincount(place, weights=target) / np.bincount(place))[place])


def _missing(rows: Rows, parts: list[int]) -> float | None:
    for number in parts:
        if rows.encoding.parts[number].kind is Kind.MISSING:
            return auc(rows.target, rows.values[:, number])
    return None
