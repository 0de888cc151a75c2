"""Intervals and p-values that stay true however often somebody looks, and whenever they stop.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024, "Time-uniform central
limit theory and asymptotic confidence sequences"), as GrowthBook states it. With N contacts in both arms:

    estimate -+ error sqrt(N) sqrt(2 (N rho^2 + 1) / (N^2 rho^2) ln(sqrt(N rho^2 + 1) / alpha))
    rho = sqrt((-2 ln alpha + ln(-2 ln alpha + 1)) / N*)

It is valid for any N* that was fixed beforehand, and narrowest about N*.
"""

import numpy as np
from numpy.typing import ArrayLike

from analytics.experiments.samples import Numbers, check_share
from desk.errors import InvalidError

TUNED_AT = 5_000
"""N*: the number of contacts, of both arms together, about which the sequence is narrowest."""


def mixing(alpha: float, tuned_at: float = TUNED_AT) -> float:
    """Return rho^2, which makes the sequence narrowest about ``tuned_at`` contacts.

    Raises:
        InvalidError: alpha is not between 0 and 1, or there are no contacts to tune for.
    """
    check_share("alpha", alpha)
    if not tuned_at > 0:
        raise InvalidError("the planned number of contacts must be above 0")
    far = -2 * np.log(alpha)
    return float((far + np.log1p(far)) / tuned_at)


def reach(contacts: ArrayLike, alpha: float = 0.05, tuned_at: float = TUNED_AT) -> Numbers:
    """Return how many standard errors the sequence reaches to either side (one look at the end has 1.96)."""
    spread = np.asarray(contacts, float) * mixing(alpha, tuned_at)
    safe = np.where(spread > 0, spread, np.nan)
    found = np.sqrt(2 * (safe + 1) / safe * np.log(np.sqrt(safe + 1) / alpha))
    return np.where(spread > 0, found, np.inf)


def interval(
    estimate: ArrayLike,
    error: ArrayLike,
    contacts: ArrayLike,
    *,
    alpha: float = 0.05,
    tuned_at: float = TUNED_AT,
) -> tuple[Numbers, Numbers]:
    """Return the ends of the confidence sequence at each look, in units of the estimate.

    Where nothing has varied yet (an error of 0) nothing is known: the interval is without end.
    """
    middle, spread = np.asarray(estimate, float), np.asarray(error, float)
    known = spread > 0
    far = np.where(known, reach(contacts, alpha, tuned_at) * np.where(known, spread, 1.0), np.inf)
    return middle - far, middle + far


def p_value(
    estimate: ArrayLike,
    error: ArrayLike,
    contacts: ArrayLike,
    *,
    alpha: float = 0.05,
    tuned_at: float = TUNED_AT,
) -> Numbers:
    """Return the always-valid p-value of no effect at each look: the alpha at which the interval would touch 0.

    With V = N rho^2: sqrt(V + 1) exp(-z^2 V / (2 (V + 1))), at most 1; rho stays as tuned for ``alpha``. The smallest
    of all looks so far is a p-value as well (``lowest``).
    """
    spread = np.asarray(contacts, float) * mixing(alpha, tuned_at)
    middle, deviation = np.asarray(estimate, float), np.asarray(error, float)
    known = deviation > 0
    z = np.where(known, middle / np.where(known, deviation, 1.0), 0.0)
    inverse = np.sqrt(spread + 1) * np.exp(-(z**2) * spread / (2 * (spread + 1)))
    return np.asarray(np.minimum(1.0, inverse))


def lowest(p: Numbers) -> Numbers:
    """Return the smallest p-value up to each look (along the last axis)."""
    return np.minimum.accumulate(p, axis=-1)
