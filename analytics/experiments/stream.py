"""The average effect of a treatment, contact by contact, with bounds that hold for any number of contacts exactly.

Howard, Ramdas, McAuliffe and Sekhon (2021), section 4.2: contacts are treated by chance with a known propensity p, and
outcomes lie in a known range; nothing else is assumed. Slower to prove anything than ``sequence``, but not asymptotic.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.experiments import mixtures
from analytics.experiments.mixtures import GammaExponential
from analytics.experiments.samples import Numbers, check_share
from desk.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class Stream:
    """After each contact: the estimate, its bounds (within the range of outcomes) and the p-value.

    ``p`` is one-sided: small when the treatment raises the outcome.
    """

    estimate: Numbers
    low: Numbers
    high: Numbers
    p: Numbers


def effect_stream(
    outcomes: ArrayLike,
    treated: ArrayLike,
    *,
    propensity: float = 0.5,
    low: float = 0.0,
    high: float = 1.0,
    noise: float = 0.25,
    tuned_at: float = 1_000,
    alpha: float = 0.05,
) -> Stream:
    """Return the effect after each contact, in the order of arrival.

    ``outcomes`` lie from ``low`` to ``high``, ``treated`` is 0 or 1 (both of one length). ``noise`` is the expected
    variance of an outcome and ``tuned_at`` the number of contacts about which the bounds are narrowest: both are
    guesses made beforehand. Each outcome is compared with the mean of its arm so far, which takes out what is common.

    Raises:
        InvalidError: the columns differ in length, an outcome is out of range, or alpha or propensity do not fit.
    """
    check_share("propensity", propensity)
    check_share("alpha", alpha)
    y, w = np.asarray(outcomes, float), np.asarray(treated, float)
    if y.shape != w.shape or not y.size or not np.isin(w, (0, 1)).all():
        raise InvalidError("each outcome needs a treatment of 0 or 1")
    if y.min() < low or y.max() > high:
        raise InvalidError(f"an outcome is out of the range from {low:g} to {high:g}")
    middle = (low + high) / 2
    guesses = (_before(y, w == 1, middle), _before(y, w == 0, middle))
    guess = guesses[0] - guesses[1]
    weight = (w - propensity) / (propensity * (1 - propensity))
    steps = guess + weight * (y - np.where(w == 1, guesses[0], guesses[1]))
    walk, variance = np.cumsum(steps), np.cumsum((steps - guess) ** 2)
    scale = 2 * (high - low) / min(propensity, 1 - propensity)
    best_at = tuned_at * noise * (1 / propensity + 1 / (1 - propensity))
    rho = mixtures.best_rho(best_at, alpha / 2, one_sided=True)
    mixture, count = GammaExponential(rho, scale), np.arange(1, y.size + 1)
    estimate = walk / count
    radius = mixtures.bound(mixture, variance, alpha / 2) / count
    return Stream(
        estimate=estimate,
        low=np.maximum(low - high, estimate - radius),
        high=np.minimum(high - low, estimate + radius),
        p=mixtures.p_value(mixture, walk, variance),
    )


def _before(outcomes: Numbers, chosen: ArrayLike, start: float) -> Numbers:
    """Return for each contact the mean outcome of the chosen ones before it; 0 after the first while there is none."""
    picked = np.asarray(chosen, float)
    means = np.cumsum(outcomes * picked) / np.maximum(1, np.cumsum(picked))
    return np.concatenate([[start], means[:-1]])
