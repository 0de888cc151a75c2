"""Bounds for a test that is looked at a planned number of times, and the chance that a test crosses bounds.

The test statistic behaves as a Brownian motion seen at shares of the information ("times", 0 < t <= 1): at time t it
is normal with mean ``drift`` x t and variance t, and Z = statistic / sqrt(t). What stays inside the bounds is carried
from look to look by numerical integration (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, chapter 19).
All bounds are for two-sided tests: stop when \\|Z\\| reaches the bound.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from analytics.experiments.samples import Numbers, check_share
from desk.errors import InvalidError

type Spending = Callable[[float, float], float]
"""How much of alpha (for one side) is spent at a time from 0 to 1."""

FARTHEST = 8.0
"""A bound that is never reached: beyond it lies 1e-15."""


@dataclass(frozen=True)
class _Inside:
    """What has not crossed yet: its places at a time, and the probability at each."""

    at: float
    places: Numbers
    weights: Numbers


_ORIGIN = _Inside(0.0, np.zeros(1), np.ones(1))


def crossing(
    bounds: Sequence[float] | Numbers, times: Sequence[float] | Numbers, drift: float = 0.0
) -> Numbers:
    """Return for each look the chance that \\|Z\\| reaches its bound there for the first time.

    ``drift`` is the mean of Z at time 1: 0 when there is no effect, and the sum of the result is the rate of false
    alarms; otherwise the sum is the power. A bound may be infinite.

    Raises:
        InvalidError: the times do not grow from above 0, or there is not one bound for each.
    """
    checked = _times(times)
    if len(bounds) != len(checked):
        raise InvalidError(f"there are {len(bounds)} bounds for {len(checked)} looks")
    inside, found = _ORIGIN, []
    for bound, at in zip(bounds, checked, strict=True):
        capped = min(float(bound), FARTHEST + abs(drift))
        found.append(_leaving(inside, at, capped, drift))
        inside = _staying(inside, at, capped, drift)
    return np.array(found)


def obrien_fleming(looks: int, alpha: float = 0.05) -> Numbers:
    """Return the bounds of O'Brien and Fleming (1979) for equally spaced looks: c sqrt(looks / k) at look k."""
    times = _even(looks)
    return _scaled(1 / np.sqrt(times), times, alpha)


def pocock(looks: int, alpha: float = 0.05) -> Numbers:
    """Return the bounds of Pocock (1977) for equally spaced looks: the same at each."""
    times = _even(looks)
    return _scaled(np.ones(looks), times, alpha)


def obrien_fleming_spending(alpha: float, at: float) -> float:
    """Return 2 - 2 Phi(z(alpha / 2) / sqrt(t)): hardly anything early (Lan and DeMets 1983)."""
    return float(2 * norm.sf(norm.isf(alpha / 2) / np.sqrt(at)))


def pocock_spending(alpha: float, at: float) -> float:
    """Return alpha ln(1 + (e - 1) t): about the same at each look (Lan and DeMets 1983)."""
    return float(alpha * np.log1p((np.e - 1) * at))


def power_spending(power: float) -> Spending:
    """Return alpha t^power (Kim and DeMets 1987); 2 is what Spotify's library uses."""
    return lambda alpha, at: alpha * at**power


quadratic_spending = power_spending(2)
"""alpha t^2."""

SPENDING: Mapping[str, Spending] = {
    "obrien-fleming": obrien_fleming_spending,
    "pocock": pocock_spending,
    "linear": power_spending(1),
    "quadratic": quadratic_spending,
}


def spent(
    times: Sequence[float] | Numbers, alpha: float = 0.05, spending: Spending = quadratic_spending
) -> Numbers:
    """Return the bound of each look that has spent so much of alpha, half of it on either side, by its time.

    Looks need not be evenly spaced, nor their number be known: a bound depends on the looks before it only.
    Time 1 is the planned size; whoever runs over it divides by the size reached, as all of alpha is spent at 1.

    Raises:
        InvalidError: the times do not grow from above 0 to 1 at most, or alpha is not between 0 and 1.
    """
    checked = _times(times)
    if checked[-1] > 1 + 1e-9:
        raise InvalidError("times are shares of the planned size: the last may be 1 at most")
    check_share("alpha", alpha)
    inside, before, found = _ORIGIN, 0.0, []
    for at in checked:
        total = 2 * spending(alpha / 2, min(float(at), 1.0))
        bound = _bound(inside, at, total - before)
        found.append(bound)
        inside, before = _staying(inside, at, bound, 0.0), total
    return np.array(found)


def adjusted_alpha(bounds: Sequence[float] | Numbers) -> Numbers:
    """Return the two-sided p-value below which each look stops."""
    return np.asarray(2 * norm.sf(np.asarray(bounds, float)))


def _scaled(shape: Numbers, times: Numbers, alpha: float) -> Numbers:
    check_share("alpha", alpha)
    factor = brentq(lambda c: crossing(c * shape, times).sum() - alpha, 0.1, FARTHEST, xtol=1e-10)
    return np.asarray(factor * shape)


def _bound(inside: _Inside, at: float, chance: float) -> float:
    if chance <= _leaving(inside, at, FARTHEST, 0.0):
        return FARTHEST
    return float(brentq(lambda b: _leaving(inside, at, b, 0.0) - chance, 0.0, FARTHEST))


def _leaving(inside: _Inside, at: float, bound: float, drift: float) -> float:
    edge, step = bound * np.sqrt(at), at - inside.at
    middle = inside.places + drift * step
    out = norm.sf((edge - middle) / np.sqrt(step)) + norm.cdf((-edge - middle) / np.sqrt(step))
    return float(inside.weights @ out)


def _staying(inside: _Inside, at: float, bound: float, drift: float) -> _Inside:
    edge, spread = bound * np.sqrt(at), np.sqrt(at - inside.at)
    # Steps of the grid must be small beside those of the walk; Gauss-Legendre does the rest.
    nodes, widths = _grid(min(1_536, 96 * (1 + int(4 * edge / spread / 96))))
    places = nodes * edge
    moved = inside.places + drift * (at - inside.at)
    density = norm.pdf(places[:, None], moved[None, :], spread) @ inside.weights
    return _Inside(at, places, widths * edge * density)


@lru_cache(maxsize=16)
def _grid(count: int) -> tuple[Numbers, Numbers]:
    nodes, widths = np.polynomial.legendre.leggauss(count)
    return nodes, widths


def _even(looks: int) -> Numbers:
    if looks < 1:
        raise InvalidError("at least one look is needed")
    return np.arange(1, looks + 1) / looks


def _times(times: Sequence[float] | Numbers) -> Numbers:
    checked = np.asarray(times, float)
    if not len(checked) or checked[0] <= 0 or (np.diff(checked) <= 0).any():
        raise InvalidError("the times of the looks must grow from above 0")
    return checked
