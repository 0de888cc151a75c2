"""How much customers spend at a purchase: the Gamma-Gamma model.

Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value. What a customer spends varies about a mean of their
own (gamma, shape p), and the means vary over customers (q, v). It takes how much and how often to be independent.
"""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import digamma, gammaln

from desk.errors import InvalidError

type Column = NDArray[np.float64]

_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class SpendingModel:
    """The three parameters, all above 0; ``v`` in the unit of money of the data."""

    p: float
    q: float
    v: float

    def log_likelihood(self, frequency: Column, mean: Column) -> float:
        """Return the log-likelihood of customers who bought again (equation 1a)."""
        x, m = _repeaters(frequency, mean)
        return -_loss(np.log(astuple(self)), x, m)[0]

    def expected(self, frequency: Column | float, mean: Column | float) -> Column:
        """Return the money expected at a purchase of each customer (equation 5).

        ``mean`` is what they spent at a repeat purchase on average; without one (frequency 0) it does not count, and
        the customer is taken to be like all others.

        Raises:
            InvalidError: the mean over customers does not exist (p x + q is 1 or less).
        """
        x, m = np.asarray(frequency, float), np.asarray(mean, float)
        p, q, v = astuple(self)
        if (p * x + q <= 1).any():
            raise InvalidError("spending varies too much for a mean: q must be above 1")
        return np.asarray(p * (v + x * np.where(x > 0, m, 0)) / (p * x + q - 1))


def fit(frequency: Column, mean: Column) -> SpendingModel:
    """Return the parameters of the greatest likelihood from customers who bought again.

    Raises:
        InvalidError: too few of them, or a mean that is not above 0.
    """
    x, m = _repeaters(frequency, mean)
    if len(x) < _FEWEST:
        raise InvalidError(
            f"fewer than {_FEWEST} customers bought again: spending cannot be learnt"
        )
    if not np.isfinite(m).all() or (m <= 0).any():
        raise InvalidError("what is spent at a purchase must be above 0")
    scale = float(m.mean())
    best = min(
        (
            optimize.minimize(
                _loss,
                np.log(start),
                args=(x, m / scale),
                jac=True,
                method="L-BFGS-B",
                bounds=[(-12.0, 12.0)] * 3,
                options={"maxiter": 1_000, "ftol": 1e-14, "gtol": 1e-8 * len(x)},
            )
            for start in ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5))
        ),
        key=lambda one: float(one.fun),
    )
    if not np.isfinite(best.fun):
        raise InvalidError("the model does not fit this spending")
    p, q, v = np.exp(best.x)
    return SpendingModel(p=float(p), q=float(q), v=float(v) * scale)


def draws(
    frequency: Column, mean: Column, model: SpendingModel, count: int, seed: int
) -> list[SpendingModel]:
    """Return models that fit about as well, drawn as ``purchases.draws`` does: normal logarithms about the maximum."""
    x, m = _repeaters(frequency, mean)
    at, step = np.log(astuple(model)), 1e-4
    rows = [
        (_loss(at + step * unit, x, m)[1] - _loss(at - step * unit, x, m)[1]) / (2 * step)
        for unit in np.eye(3)
    ]
    curvature = np.array(rows)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    spread = vectors * (1 / np.sqrt(np.maximum(values, 1.0)))
    chance = np.random.default_rng(seed)
    found = np.exp(at + chance.standard_normal((count, 3)) @ spread.T)
    return [SpendingModel(p=float(p), q=float(q), v=float(v)) for p, q, v in found]


def _repeaters(frequency: Column, mean: Column) -> tuple[Column, Column]:
    x, m = np.asarray(frequency, float), np.asarray(mean, float)
    return x[x > 0], m[x > 0]


def _loss(logs: Column, x: Column, m: Column) -> tuple[float, Column]:
    """Return minus the log-likelihood and its slope, both for the logarithms of the parameters."""
    p, q, v = np.exp(logs)
    shape, total = p * x, v + m * x
    log_m, log_x, log_total = np.log(m), np.log(x), np.log(total)
    value = (
        (gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v) - log_m)
        + shape * (log_m + log_x - log_total)
        - q * log_total
    )
    d_p = x @ (digamma(shape + q) - digamma(shape) + log_m + log_x - log_total)
    d_q = (digamma(shape + q) - digamma(q) + np.log(v) - log_total).sum()
    d_v = (q / v - (shape + q) / total).sum()
    return -float(value.sum()), -np.array([d_p * p, d_q * q, d_v * v])
