"""How good predictions are: each figure with its formula; pure functions of two columns of one length.

``actual`` is 1 where it happened and 0 where not, ``score`` grows with the chance that it does.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

type Column = NDArray[np.float64]

_Z95 = 1.959963984540054


def auc(actual: Column, score: Column) -> float:
    """Return the area under the ROC curve, from 0 to 1: how often one where it happened outranks one where not.

    (sum of the ranks of the ones - P (P + 1) / 2) / (P N), P ones and N zeros, equal scores at their mean rank: the
    statistic of Mann and Whitney (1947) over P N (Hanley and McNeil 1982). Not a number when there is one kind only.
    """
    ones = float(np.sum(actual))
    zeros = len(actual) - ones
    if not ones or not zeros:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[np.asarray(actual) > 0].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def auc_interval(area: float, ones: float, zeros: float) -> tuple[float, float]:
    """Return the ends of the 95% interval of an AUC (Hanley and McNeil 1982, equations 1 and 2)."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area) + (ones - 1) * (first - area**2) + (zeros - 1) * (second - area**2)
    )
    spread = _Z95 * np.sqrt(max(variance, 0.0) / (ones * zeros))
    return max(0.0, area - float(spread)), min(1.0, area + float(spread))


def average_precision(actual: Column, score: Column) -> float:
    """Return the mean precision over the ones: sum of (recall gained) x precision, from the highest score down.

    Equal scores are one step, as in scikit-learn; a guess has the share of ones.
    """
    order = np.argsort(-np.asarray(score), kind="stable")
    hits = np.cumsum(np.asarray(actual, float)[order])
    if not len(hits) or not hits[-1]:
        return float("nan")
    ends = np.append(np.flatnonzero(np.diff(np.asarray(score)[order])), len(order) - 1)
    precision = hits[ends] / (ends + 1)
    gained = np.diff(np.append(0.0, hits[ends])) / hits[-1]
    return float(gained @ precision)


def brier(actual: Column, chance: Column) -> float:
    """Return the mean squared difference of a chance and what happened (Brier 1950): 0 is perfect."""
    return float(np.mean((np.asarray(chance) - np.asarray(actual)) ** 2))


@dataclass(frozen=True, kw_only=True)
class Tenth:
    """A part of all, the highest scores first: its rate, and ``lift`` = its rate / the rate of all.

    ``found`` is the share of all ones in this part and those before it.
    """

    number: int
    rows: int
    rate: float
    lift: float
    found: float


def lift(actual: Column, score: Column, parts: int = 10) -> tuple[Tenth, ...]:
    """Return the rate of each tenth of the scores; rows of one score share their rate, whichever part they fall in."""
    score, actual = np.asarray(score, float), np.asarray(actual, float)
    _, place = np.unique(-score, return_inverse=True)
    shared = np.bincount(place, weights=actual) / np.bincount(place)
    happened = shared[place][np.argsort(place, kind="stable")]
    total, told, before = happened.sum(), [], 0.0
    edges = np.linspace(0, len(score), min(parts, len(score)) + 1).round().astype(int)
    for number, (start, end) in enumerate(pairwise(edges), 1):
        inside = happened[start:end]
        before += inside.sum()
        told.append(
            Tenth(
                number=number,
                rows=len(inside),
                rate=float(inside.mean()),
                lift=float(inside.mean() / (total / len(score))) if total else 0.0,
                found=float(before / total) if total else 0.0,
            )
        )
    return tuple(told)


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Rows with about the same chance: what was predicted on average, and the share where it happened."""

    rows: int
    predicted: float
    actual: float


def bins(actual: Column, predicted: Column, parts: int = 10) -> tuple[Bin, ...]:
    """Return up to ten groups of about equal size along the prediction; equal predictions stay together."""
    predicted, actual = np.asarray(predicted, float), np.asarray(actual, float)
    # A row belongs where the middle of all rows of its value lies.
    place = np.minimum(
        ((rankdata(predicted) - 0.5) / len(predicted) * parts).astype(int), parts - 1
    )
    return tuple(
        Bin(
            rows=int((place == part).sum()),
            predicted=float(predicted[place == part].mean()),
            actual=float(actual[place == part].mean()),
        )
        for part in np.unique(place)
    )


def calibration_error(told: tuple[Bin, ...]) -> float:
    """Return the expected calibration error: the mean of |share that happened - chance predicted| over all rows.

    Naeini, Cooper and Hauskrecht (2015), with bins of equal size instead of equal width.
    """
    rows = sum(one.rows for one in told)
    return sum(one.rows / rows * abs(one.actual - one.predicted) for one in told)


@dataclass(frozen=True, kw_only=True)
class Errors:
    """How far predictions of money are off, in units of that money.

    ``mean_absolute``, ``root_mean_square`` and ``median`` of the absolute error; ``bias`` is the mean of predicted
    less actual; ``explained`` = 1 - squared error / that of the ``actual`` mean (can be below 0).
    """

    mean_absolute: float
    root_mean_square: float
    median: float
    bias: float
    explained: float


def errors(actual: Column, predicted: Column) -> Errors:
    """Return how far predictions are off."""
    off = np.asarray(predicted, float) - np.asarray(actual, float)
    around = float(np.mean((np.asarray(actual) - np.mean(actual)) ** 2))
    return Errors(
        mean_absolute=float(np.abs(off).mean()),
        root_mean_square=float(np.sqrt((off**2).mean())),
        median=float(np.median(np.abs(off))),
        bias=float(off.mean()),
        explained=1 - float((off**2).mean()) / around if around else 0.0,
    )
