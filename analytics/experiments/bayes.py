"""Which of two rates is higher, and what a wrong choice would cost, as chances."""

from collections.abc import Sequence

import numpy as np
from scipy.special import betaln
from scipy.stats import norm

from analytics.experiments.compare import difference
from analytics.experiments.samples import Numbers, Sample
from desk.errors import InvalidError

type Beta = tuple[int, int]
"""A rate as known: successes + 1 and failures + 1, when all rates were equally likely before."""


def chance_higher(first: Beta, second: Beta) -> float:
    """Return the chance that the second rate is above the first, both beta distributions of whole numbers.

    sum over i < a2 of B(a1 + i, b1 + b2) / ((b2 + i) B(1 + i, b2) B(a1, b1)) (Miller 2014, "Formulas for Bayesian A/B
    testing").

    Raises:
        InvalidError: a number is not a whole one above 0.
    """
    (a1, b1), (a2, b2) = first, second
    if any(value < 1 or value != int(value) for value in (a1, b1, a2, b2)):
        raise InvalidError("a beta distribution needs whole numbers above 0")
    i = np.arange(int(a2))
    terms = betaln(a1 + i, b1 + b2) - np.log(b2 + i) - betaln(1 + i, b2) - betaln(a1, b1)
    return float(min(1.0, np.exp(terms).sum()))


def loss_of_first(first: Beta, second: Beta) -> float:
    """Return what choosing the first would cost on average: the mean of max(0, second - first) (Stucchio 2015).

    E2 P(second with one more success is above first) - E1 P(second is above first with one more success).

    Raises:
        InvalidError: a number is not a whole one above 0.
    """
    (a1, b1), (a2, b2) = first, second
    means = (a1 / (a1 + b1), a2 / (a2 + b2))
    gain = means[1] * chance_higher(first, (a2 + 1, b2))
    return max(0.0, gain - means[0] * chance_higher((a1 + 1, b1), second))


def normal_loss(chosen: Sample, other: Sample) -> Numbers:
    """Return what a choice would cost on average if the other is better, for outcomes of any kind.

    The mean of max(0, d), d normal with the estimated difference m and its error s: s phi(m / s) + m Phi(m / s).
    """
    effect = difference(chosen, other)
    middle, error = effect.estimate, effect.error
    known = error > 0
    z = np.where(known, middle / np.where(known, error, 1.0), 0.0)
    found = error * norm.pdf(z) + middle * norm.cdf(z)
    return np.where(known, found, np.maximum(middle, 0.0))


def expected_loss(chosen: Sample, others: Sequence[Sample]) -> Numbers:
    """Return a bound of what choosing one arm of several costs on average: the sum of its losses to each other one."""
    return np.asarray(sum(normal_loss(chosen, other) for other in others), float)
