"""Bounds that a random walk crosses at any time with a chance of alpha at most, for walks of several kinds.

All are mixtures of exp(lambda s - psi(lambda) v) over lambda, where s is the walk and v its variance process (its
"intrinsic time"): Howard, Ramdas, McAuliffe and Sekhon (2021, "Time-uniform, nonparametric, nonasymptotic confidence
sequences", propositions 5 to 9). A mixture m(s, v) exceeds 1 / alpha with a chance of alpha at most, ever; the bound
u(v) is the s at which it does. Each is tuned to be narrow about v = ``best_at`` (its chance: ``tuned_alpha``).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, gammainc, gammaincc, gammaln
from scipy.stats import norm

from analytics.experiments.samples import Numbers, check_share
from desk.errors import InvalidError

_HALVINGS = 70


class Mixture(Protocol):
    """A mixture whose logarithm can be computed."""

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return the logarithm of the mixture at a walk ``s`` and a variance ``v``, both of one shape."""
        ...


def best_rho(best_at: float, tuned_alpha: float = 0.05, *, one_sided: bool = False) -> float:
    """Return rho, which makes the bound narrow about a variance: v / (2 ln(1/a) + ln(1 + 2 ln(1/a))).

    A one-sided bound takes twice the alpha (Howard et al. 2021, section 3.5).

    Raises:
        InvalidError: the variance is not above 0, or alpha does not fit.
    """
    alpha = 2 * tuned_alpha if one_sided else tuned_alpha
    check_share("alpha", alpha)
    if not best_at > 0:
        raise InvalidError("the variance to tune for must be above 0")
    far = -2 * np.log(alpha)
    return float(best_at / (far + np.log1p(far)))


@dataclass(frozen=True)
class TwoSidedNormal:
    """Sub-Gaussian walks, both sides (proposition 5): psi = lambda^2 / 2, lambda normal with variance 1 / rho."""

    rho: float

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return ln m = ln(rho / (v + rho)) / 2 + s^2 / (2 (v + rho))."""
        walk, total = np.asarray(s, float), np.asarray(v, float) + self.rho
        return np.asarray(np.log(self.rho / total) / 2 + walk**2 / (2 * total))

    def bound(self, v: ArrayLike, alpha: float) -> Numbers:
        """Return u(v) = sqrt((v + rho) ln((v + rho) / (rho alpha^2)))."""
        check_share("alpha", alpha)
        total = np.asarray(v, float) + self.rho
        return np.asarray(np.sqrt(total * np.log(total / (self.rho * alpha**2))))


@dataclass(frozen=True)
class OneSidedNormal:
    """Sub-Gaussian walks, upper side (proposition 6): lambda is half-normal."""

    rho: float

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return ln m = ln(4 rho / (v + rho)) / 2 + s^2 / (2 (v + rho)) + ln Phi(s / sqrt(v + rho))."""
        walk, total = np.asarray(s, float), np.asarray(v, float) + self.rho
        return np.asarray(
            np.log(4 * self.rho / total) / 2
            + walk**2 / (2 * total)
            + norm.logcdf(walk / np.sqrt(total))
        )


@dataclass(frozen=True)
class GammaExponential:
    """Sub-exponential walks of scale c (proposition 9): psi = (-ln(1 - c lambda) - c lambda) / c^2.

    The bound for outcomes in a known range whose variance is estimated (empirical Bernstein).
    """

    rho: float
    c: float

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return ln m; theta = 1 - c lambda has a gamma distribution cut to [0, 1]."""
        square = self.c**2
        shape = self.rho / square
        first = (np.asarray(v, float) + self.rho) / square
        moved = (self.c * np.asarray(s, float) + np.asarray(v, float)) / square
        # Far below 0 the walk is no evidence at all: there the mixture is 0.
        rate = np.maximum(moved + shape, np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            inside = np.log(gammainc(first, rate))
        constant = shape * np.log(shape) - gammaln(shape) - np.log(gammainc(shape, shape))
        return np.asarray(constant + gammaln(first) + inside - first * np.log(rate) + moved)


@dataclass(frozen=True)
class GammaPoisson:
    """Sub-Poisson walks of scale c (proposition 10): psi = (exp(c lambda) - c lambda - 1) / c^2."""

    rho: float
    c: float

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return ln m for s above -(v + rho) / c; theta = exp(c lambda) has a gamma distribution above 1."""
        square = self.c**2
        shape, variance = self.rho / square, np.asarray(v, float)
        rate = (variance + self.rho) / square
        first = np.asarray(s, float) / self.c + rate
        constant = shape * np.log(shape) - gammaln(shape) - np.log(gammaincc(shape, shape))
        with np.errstate(divide="ignore"):
            inside = np.log(gammaincc(first, rate))
        more = gammaln(first) + inside - first * np.log(rate) + variance / square
        return np.asarray(constant + more)


@dataclass(frozen=True)
class BetaBinomial:
    """Sub-Bernoulli walks with steps from -g to h (propositions 7 and 8): the sharpest for outcomes of 0 and 1.

    psi = ln((g exp(h lambda) + h exp(-g lambda)) / (g + h)) / (g h). A walk of n steps has v = g h n at most.
    """

    rho: float
    g: float
    h: float
    one_sided: bool = True

    def log(self, s: ArrayLike, v: ArrayLike) -> Numbers:
        """Return ln m for -v / h < s < v / g; the share of upward steps under lambda has a beta distribution."""
        g, h, walk, variance = self.g, self.h, np.asarray(s, float), np.asarray(v, float)
        r = max(self.rho - g * h, 1e-3 * g * h)
        cut = h / (g + h) if self.one_sided else 1.0
        low, high = r / (g * (g + h)), r / (h * (g + h))
        downs = (r + variance - g * walk) / (g * (g + h))
        ups = (r + variance + h * walk) / (h * (g + h))
        scale = variance / (g * h) * np.log(g + h)
        scale -= (variance + h * walk) / (h * (g + h)) * np.log(g)
        scale -= (variance - g * walk) / (g * (g + h)) * np.log(h)
        # So far against it that a float has no room for it: then nothing speaks for it, and minus infinity says so.
        with np.errstate(divide="ignore"):
            beyond = np.log(betainc(downs, ups, cut))
        return np.asarray(
            scale + betaln(downs, ups) + beyond
            - betaln(low, high) - np.log(betainc(low, high, cut))
        )  # fmt: skip


def bound(
    mixture: Mixture, v: ArrayLike, alpha: float, farthest: ArrayLike | None = None
) -> Numbers:
    """Return u(v), the walk at which a mixture reaches 1 / alpha, by bisection for every variance at once.

    ``farthest`` is where the walk ends in any case (v / g for BetaBinomial); it is the bound where even that is not
    enough.

    Raises:
        InvalidError: alpha is not between 0 and 1.
    """
    check_share("alpha", alpha)
    variance, threshold = np.asarray(v, float), -np.log(alpha)
    low = np.zeros_like(variance)
    high = (
        _beyond(mixture, variance, threshold)
        if farthest is None
        else np.broadcast_to(np.asarray(farthest, float), variance.shape).copy()
    )
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = mixture.log(middle, variance) >= threshold
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.asarray((low + high) / 2)


def p_value(mixture: Mixture, s: ArrayLike, v: ArrayLike) -> Numbers:
    """Return the always-valid p-value 1 / m(s, v), at most 1."""
    return np.asarray(np.exp(np.minimum(0.0, -mixture.log(s, v))))


def _beyond(mixture: Mixture, variance: Numbers, threshold: float) -> Numbers:
    high = np.maximum(variance, 1.0)
    while (mixture.log(high, variance) < threshold).any():
        high = np.where(mixture.log(high, variance) < threshold, 2 * high, high)
    return high
