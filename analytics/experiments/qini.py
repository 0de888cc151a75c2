"""How well a score finds those whom a treatment changes.

There are several "Qini coefficients", which differ by a factor of four and more. This one is that of scikit-uplift
(``sklift.metrics.qini_auc_score``): the area between the Qini curve (Radcliffe 2007) and the straight line of treating
at random, over the same area for a perfect ordering, one that may use the outcome itself. 1 is perfect, 0 is chance;
below 0 those are found whom the treatment changes least. Equal scores are one step of the curve.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.experiments.samples import Numbers
from desk.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What is gained (outcomes) by treating the first so many contacts; it starts at 0."""

    contacts: Numbers
    gained: Numbers

    @property
    def area(self) -> float:
        """The area under the curve."""
        return float(np.trapezoid(self.gained, self.contacts))

    def over_line(self, end: float) -> float:
        """Return the area above the straight line to ``end``, the gain of treating everybody."""
        return self.area - float(self.contacts[-1]) * end / 2


def qini_curve(outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike) -> Curve:
    """Return outcomes gained among the treated of the first so many: Y1 - Y0 N1 / N0 (Radcliffe 2007).

    Three columns of one length; the outcome is 0 or 1 (or an amount from 0), ``treated`` is 0 or 1, and the highest
    scores come first.

    Raises:
        InvalidError: the columns differ in length, or everybody or nobody was treated.
    """
    at, sums = _sums(outcomes, scores, treated)
    ratio = np.divide(sums[2], sums[3], out=np.zeros_like(at), where=sums[3] > 0)
    return _from_zero(at, sums[0] - sums[1] * ratio)


def uplift_curve(outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike) -> Curve:
    """Return (Y1 / N1 - Y0 / N0) x (N1 + N0) for the first so many (as ``sklift.metrics.uplift_curve``).

    Raises:
        InvalidError: the columns differ in length, or everybody or nobody was treated.
    """
    at, sums = _sums(outcomes, scores, treated)
    rates = [
        np.divide(sums[arm], sums[arm + 2], out=np.zeros_like(at), where=sums[arm + 2] > 0)
        for arm in (0, 1)
    ]
    return _from_zero(at, (rates[0] - rates[1]) * at)


def qini_coefficient(outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike) -> float:
    """Return the Qini coefficient, as ``sklift.metrics.qini_auc_score``; not a number if nothing could be gained.

    Raises:
        InvalidError: the columns differ in length, or everybody or nobody was treated.
    """
    y, w = np.asarray(outcomes, float), np.asarray(treated, float)
    perfect = qini_curve(y, y * w - y * (1 - w), w)
    end = float(perfect.gained[-1])
    return _share(qini_curve(y, scores, w).over_line(end), perfect.over_line(end))


def uplift_area(outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike) -> float:
    """Return the normalised area under the uplift curve, as ``sklift.metrics.uplift_auc_score``.

    Raises:
        InvalidError: the columns differ in length, or everybody or nobody was treated.
    """
    y, w = np.asarray(outcomes, float), np.asarray(treated, float)
    answered_alone = ((y == 1) & (w == 0)).sum()
    in_vain = ((y == 0) & (w == 1)).sum()
    best = 2 * (y == w) + (y if answered_alone > in_vain else w)
    perfect = uplift_curve(y, best, w)
    end = float(perfect.gained[-1])
    return _share(uplift_curve(y, scores, w).over_line(end), perfect.over_line(end))


def uplift_at(outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike, share: float) -> float:
    """Return the rate of the treated less that of the others among the highest scores, a share of all contacts.

    As ``sklift.metrics.uplift_at_k`` with the strategy "overall"; not a number when one of the two is not among them.

    Raises:
        InvalidError: the share is not above 0 and 1 at most, or the columns differ in length.
    """
    if not 0 < share <= 1:
        raise InvalidError("a share of contacts must lie above 0 and be 1 at most")
    y, score, w = _columns(outcomes, scores, treated)
    first = _order(score)[: int(len(y) * share)]
    arms = [y[first][w[first] == arm] for arm in (1, 0)]
    if not all(len(arm) for arm in arms):
        return float("nan")
    return float(arms[0].mean() - arms[1].mean())


def _columns(
    outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike
) -> tuple[Numbers, Numbers, Numbers]:
    y, score, w = (np.asarray(column, float) for column in (outcomes, scores, treated))
    if not len(y) == len(score) == len(w):
        raise InvalidError("outcomes, scores and treatments must be of one length")
    if set(np.unique(w)) != {0.0, 1.0}:
        raise InvalidError("some contacts must be treated (1) and some not (0)")
    return y, score, w


def _order(score: Numbers) -> NDArray[np.int64]:
    return np.argsort(score, kind="stable")[::-1]


def _sums(
    outcomes: ArrayLike, scores: ArrayLike, treated: ArrayLike
) -> tuple[Numbers, tuple[Numbers, Numbers, Numbers, Numbers]]:
    """Return the ends of the steps, and up to each: outcomes of treated and others, numbers of treated and others."""
    y, score, w = _columns(outcomes, scores, treated)
    order = _order(score)
    y, w = y[order], w[order]
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(y) - 1)
    treated_ones, others = np.cumsum(y * w)[ends], np.cumsum(y * (1 - w))[ends]
    count, total = np.cumsum(w)[ends], ends + 1.0
    return total, (treated_ones, others, count, total - count)


def _from_zero(contacts: Numbers, gained: Numbers) -> Curve:
    return Curve(contacts=np.append(0.0, contacts), gained=np.append(0.0, gained))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
