"""How many contacts an experiment needs, and what it can show: to be decided before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from analytics.experiments.group_sequential import crossing
from analytics.experiments.samples import check_share
from analytics.experiments.sequence import reach
from analytics.experiments.several import bonferroni
from desk.errors import InvalidError

LOOKS = 5
"""More looks find an effect sooner; who looks no more often than this must not fall short."""


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What is wanted of an experiment.

    ``alpha`` is the chance of a false winner, ``power`` that of noticing the change. Each of several ``comparisons``
    with the control gets alpha over their number, which is enough for Holm's method as well. ``any_look`` plans for an
    always-valid sequence, which may be looked at as it runs; otherwise for one look at the end.

    Raises:
        InvalidError: alpha or power is not between 0 and 1, or there is no comparison.
    """

    alpha: float = 0.05
    power: float = 0.8
    comparisons: int = 1
    any_look: bool = False

    def __post_init__(self) -> None:
        check_share("alpha", self.alpha)
        check_share("the power", self.power)
        bonferroni(self.alpha, self.comparisons)

    @property
    def each(self) -> float:
        """The alpha of each comparison."""
        return bonferroni(self.alpha, self.comparisons)

    @property
    def quantiles(self) -> tuple[float, float]:
        """z(alpha / 2) and z(power)."""
        return float(norm.isf(self.each / 2)), float(norm.isf(1 - self.power))

    @property
    def factor(self) -> float:
        """How many times more contacts than for one look."""
        return always_valid_factor(self.each, self.power) if self.any_look else 1.0


USUAL = Aim()


def per_arm_for_rates(base: float, change: float, aim: Aim = USUAL) -> int:
    """Return the contacts of each arm that show a change of a rate.

    ``base`` is the control's rate, ``change`` what is to be noticed, in points (0.05 is 20% to 25%). With p = base and
    p2 = base + change: (z(alpha/2) sqrt(2 p (1 - p)) + z(power) sqrt(p (1 - p) + p2 (1 - p2)))^2 / change^2, rounded
    (Evan Miller's calculator). A sequence never pools the rates: there both roots are the second, times the factor.

    Raises:
        InvalidError: a rate is not between 0 and 1, or there is no change to notice.
    """
    check_share("the base rate", base)
    check_share("the changed rate", base + change)
    if not change:
        raise InvalidError("a change of 0 needs no experiment")
    exact = aim.factor * (_needed(base, base + change, aim) / change) ** 2
    return max(2, ceil(exact) if aim.any_look else round(exact))


def per_arm_for_means(spread: float, change: float, aim: Aim = USUAL) -> int:
    """Return the contacts of each arm that show a change of a mean.

    ``spread`` is the standard deviation of one outcome, in units of ``change``:
    2 (z(alpha/2) + z(power))^2 spread^2 / change^2, times the factor, rounded up. What CUPED takes off the variance is
    taken off here.

    Raises:
        InvalidError: the spread is not above 0, or there is no change to notice.
    """
    if not spread > 0 or not change:
        raise InvalidError("the standard deviation and the change must not be 0")
    return max(2, ceil(2 * aim.factor * (sum(aim.quantiles) * spread / change) ** 2))


def smallest_change_in_rate(base: float, per_arm: float, aim: Aim = USUAL) -> float | None:
    """Return the smallest rise of a rate, in points, that so many contacts an arm would show; None: there is none.

    Raises:
        InvalidError: the base rate is not between 0 and 1.
    """
    check_share("the base rate", base)

    def lacking(change: float) -> float:
        needed = _needed(base, min(base + change, 1.0), aim)
        return needed - change * sqrt(per_arm / aim.factor)

    most = 1 - base
    return float(brentq(lacking, 0, most)) if lacking(most) < 0 else None


def smallest_change_in_mean(spread: float, per_arm: float, aim: Aim = USUAL) -> float:
    """Return the smallest change of a mean that so many contacts an arm would show, in units of ``spread``."""
    return sum(aim.quantiles) * spread * sqrt(2 * aim.factor / per_arm)


@lru_cache(maxsize=64)
def always_valid_factor(alpha: float = 0.05, power: float = 0.8, looks: int = LOOKS) -> float:
    """Return how many times more contacts an always-valid sequence needs at most than one look at the end.

    Computed, not guessed: the chance that a Brownian motion with drift has left the sequence (tuned to the planned
    size) at one of the ``looks``, evenly spaced, is the power. 1.83 for alpha .05, power .8 and 5 looks; many
    experiments with an effect end long before.
    """
    times = np.arange(1, looks + 1) / looks
    bounds = reach(times, alpha, 1.0)
    drift = norm.isf(alpha / 2) + norm.isf(1 - power)

    def lacking(factor: float) -> float:
        return power - float(crossing(bounds, times, drift * sqrt(factor)).sum())

    return float(brentq(lacking, 1, 9, xtol=1e-6))


def audience(per_arm: int, shares: Sequence[float]) -> int:
    """Return the contacts in all when arms are of different size; the first share is the control's.

    Each comparison with the control then says as much as one of two arms of ``per_arm``: 1/n + 1/m is 2 / per_arm at
    most. Shares are of all contacts and may leave some over (a holdout).

    Raises:
        InvalidError: there are fewer than two shares, or they are not above 0 and 1 at most together.
    """
    if len(shares) < 2 or min(shares) <= 0 or sum(shares) > 1 + 1e-9:
        raise InvalidError("at least two shares above 0 are needed, 1 at most together")
    return ceil(per_arm / 2 * (1 / shares[0] + 1 / min(shares[1:])) - 1e-9)


def _needed(base: float, changed: float, aim: Aim) -> float:
    """Return the change times the square root of the contacts of an arm, for one look."""
    apart = sqrt(base * (1 - base) + changed * (1 - changed))
    same = apart if aim.any_look else sqrt(2 * base * (1 - base))
    alpha, power = aim.quantiles
    return alpha * same + power * apart
