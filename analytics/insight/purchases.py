"""How often customers buy again and whether they still do: the BG/NBD model.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2). While alive a customer
buys at a rate of their own (gamma over customers: shape r, scale 1/alpha) and leaves after a purchase with a chance of
their own (beta over customers: a, b).

All functions take columns of one length: ``frequency`` (repeat purchases, whole numbers from 0), ``recency`` (time
from the first purchase to the last, 0 without a repeat) and ``age`` (time since the first purchase), in one unit.
"""

from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import beta as beta_function
from scipy.special import digamma, gammaln, hyp2f1
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from desk.errors import InvalidError

type Column = NDArray[np.float64]
type Numbers = Column | float


_BOUNDS = [(-12.0, 6.0)] * 4
"""Of the parameters' logarithms, in times about 1. Where all customers buy at one rate, or nobody leaves, likelihood
grows for ever with ever larger parameters, by less than a hundredth from here on; and with those above, the numbers
that the expectation multiplies have no place in a double."""


_STARTS = ((0.5, 0.5, 1.0, 2.0), (1.0, 0.1, 0.5, 0.5))
_MANY = 500
"""Customers who bought again."""
_NEAR, _LEVEL = 0.01, 1e-7


@dataclass(frozen=True, kw_only=True)
class History:
    """What the model reads of customers: those who did the same are one row with their ``count``."""

    frequency: Column
    recency: Column
    age: Column
    count: Column

    @classmethod
    def of(cls, frequency: Column, recency: Column, age: Column) -> Self:
        """Check the columns and gather equal rows.

        Raises:
            InvalidError: the columns are empty, of different lengths, or say what cannot be.
        """
        x, t_x, age = columns = [np.asarray(one, float) for one in (frequency, recency, age)]
        if not len(x):
            raise InvalidError("there are no customers")
        if any(not np.isfinite(one).all() or (one < 0).any() for one in columns):
            raise InvalidError("frequency, recency and age must be numbers from 0")
        if (x != np.floor(x)).any():
            raise InvalidError("frequency counts repeat purchases: whole numbers only")
        if (t_x > age).any():
            raise InvalidError("a last purchase lies after the end of the observation")
        if ((x == 0) & (t_x > 0)).any():
            raise InvalidError("recency must be 0 where frequency is 0")
        # Hashing is ten times as quick as sorting whole rows, as numpy's unique() does.
        rows = pa.table({"frequency": x, "recency": t_x, "age": age})
        found = rows.group_by(rows.column_names, use_threads=False).aggregate([([], "count_all")])
        return cls(
            count=found["count_all"].to_numpy().astype(float),
            **{name: found[name].to_numpy() for name in rows.column_names},
        )


@dataclass(frozen=True, kw_only=True)
class PurchaseModel:
    """The four parameters of BG/NBD, all above 0; ``alpha`` in the unit of time of the data."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, history: History) -> float:
        """Return the log-likelihood of a history (equation 6 of the paper)."""
        return -_loss(np.log(astuple(self)), _Sums.of(history))[0]

    def expected(self, duration: Numbers) -> Column:
        """Return the repeat purchases expected of a new customer within ``duration`` (equation 9)."""
        t = np.asarray(duration, float)
        r, alpha, a, b = astuple(self)
        decay = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
        return np.asarray((a + b - 1) / (a - 1) * (1 - decay))

    def expected_more(
        self, duration: Numbers, frequency: Numbers, recency: Numbers, age: Numbers
    ) -> Column:
        """Return the purchases expected of known customers within ``duration`` from now (equation 10)."""
        t, x, t_x, age = (np.asarray(one, float) for one in (duration, frequency, recency, age))
        r, alpha, a, b = astuple(self)
        share = (alpha + age) / (alpha + age + t)
        tail = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
        more = (a + b + x - 1) / (a - 1) * (1 - share ** (r + x) * tail)
        return np.asarray(more * self.alive(x, t_x, age))

    def alive(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Column:
        """Return the chance from 0 to 1 that customers still buy here; 1 for who has bought once only.

        Fader, Hardie and Lee (2008), Computing P(alive) Using the BG/NBD Model.
        """
        x, t_x, age = (np.asarray(one, float) for one in (frequency, recency, age))
        r, alpha, a, b = astuple(self)
        log_odds = np.log(a / (b + np.maximum(x, 1) - 1)) + (r + x) * np.log(
            (alpha + age) / (alpha + t_x)
        )
        return np.where(x > 0, 1 / (1 + np.exp(np.minimum(log_odds, 700))), 1.0)

    def probability(self, purchases: int, duration: float) -> float:
        """Return the chance that a new customer makes exactly so many repeat purchases (equation 8)."""
        x, t = purchases, duration
        r, alpha, a, b = astuple(self)
        stay, go = alpha / (alpha + t), t / (alpha + t)
        counts = np.arange(x + 1)
        chances = np.exp(
            gammaln(r + counts)
            - gammaln(r)
            - gammaln(counts + 1)
            + r * np.log(stay)
            + counts * np.log(go)
        )
        alive = beta_function(a, b + x) / beta_function(a, b) * chances[x]
        if not x:
            return float(alive)
        left = beta_function(a + 1, b + x - 1) / beta_function(a, b) * (1 - chances[:x].sum())
        return float(alive + left)


def fit(history: History) -> PurchaseModel:
    """Return the parameters of the greatest likelihood.

    Raises:
        InvalidError: nobody bought again, or no maximum was found.
    """
    if not (history.frequency > 0).any():
        raise InvalidError("nobody bought a second time: there is nothing to learn from")
    # Times about 1 keep the four logarithms of parameters comparable, whatever the unit.
    scale = float(np.average(history.age, weights=history.count)) or 1.0
    sums = _Sums.of(
        History(
            frequency=history.frequency,
            recency=history.recency / scale,
            age=history.age / scale,
            count=history.count,
        )
    )
    # In one thread: those of the matrix library wait for each other at every step, for ever on a machine that has
    # something else to do.
    found: list[Any] = []
    with _threads().limit(limits=1):
        for start in _STARTS:
            found.append(_climbed(start, sums))
            if _is_certain(found[-1], sums):
                break
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun):
        raise InvalidError("the model does not fit these purchases")
    return _model(best.x, scale)


def _climbed(start: tuple[float, ...], sums: "_Sums") -> Any:
    return optimize.minimize(
        _loss,
        np.log(start),
        args=(sums,),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-8 * sums.people},
    )


def _is_certain(found: Any, sums: "_Sums") -> bool:
    """Say whether another start can be spared: it is level there, not at a bound, and there are many to learn from.

    With few customers the surface is flat, and one start may stop early.
    """
    low, high = np.array(_BOUNDS).T
    is_inside = bool(((found.x > low + _NEAR) & (found.x < high - _NEAR)).all())
    is_level = bool(np.abs(found.jac).max() <= _LEVEL * sums.people)
    return is_inside and is_level and float(sums.count[sums.repeats].sum()) >= _MANY


@cache
def _threads() -> ThreadpoolController:
    """Return what limits the matrix libraries' threads; to find those libraries takes as long as ten steps."""
    return ThreadpoolController()


def draws(history: History, model: PurchaseModel, count: int, seed: int) -> list[PurchaseModel]:
    """Return models that fit about as well: drawn around the maximum, as the curvature there allows.

    The logarithms of the parameters are taken to be normal with the inverse Hessian as covariance (the large-sample
    distribution of a maximum likelihood estimate). Directions in which the data say nothing are cut at one unit.
    """
    sums, at = _Sums.of(history), np.log(astuple(model))
    step = 1e-4
    rows = [
        (_loss(at + step * unit, sums)[1] - _loss(at - step * unit, sums)[1]) / (2 * step)
        for unit in np.eye(4)
    ]
    curvature = np.array(rows)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    spread = vectors * (1 / np.sqrt(np.maximum(values, 1.0)))
    chance = np.random.default_rng(seed)
    return [_model(at + spread @ chance.standard_normal(4), 1.0) for _ in range(count)]


def _model(logs: Column, scale: float) -> PurchaseModel:
    r, alpha, a, b = np.exp(logs)
    return PurchaseModel(r=float(r), alpha=float(alpha) * scale, a=float(a), b=float(b))


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """A history with what depends on the frequency alone already added up over customers."""

    x: Column
    t_x: Column
    age: Column
    count: Column
    repeats: NDArray[np.bool_]
    values: Column
    place: NDArray[np.int64]
    weight: Column
    people: float

    @classmethod
    def of(cls, history: History) -> "_Sums":
        values, place = np.unique(history.frequency, return_inverse=True)
        return cls(
            x=history.frequency,
            t_x=history.recency,
            age=history.age,
            count=history.count,
            repeats=history.frequency > 0,
            values=values,
            place=place,
            weight=np.bincount(place, weights=history.count),
            people=float(history.count.sum()),
        )


def _loss(logs: Column, sums: _Sums) -> tuple[float, Column]:
    """Return minus the log-likelihood and its slope, both for the logarithms of the parameters.

    Gamma functions are needed once for each number of purchases that occurs, not for each customer.
    """
    r, alpha, a, b = np.exp(logs)
    x, w = sums.values, sums.weight
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) - gammaln(a + b + x)
    common += gammaln(b + x) - gammaln(b)
    log_age, log_last = np.log(alpha + sums.age), np.log(alpha + sums.t_x)
    power = r + sums.x
    stays = -power * log_age
    leaves = np.log(a) - np.log(b + np.maximum(sums.x, 1) - 1) - power * log_last
    # The chance to have left, beside that of being here, for each customer.
    gone = np.where(sums.repeats, 1 / (1 + np.exp(np.clip(stays - leaves, -700, 700))), 0.0)
    either = np.where(sums.repeats, np.logaddexp(stays, leaves), stays)
    total = float(w @ common + sums.count @ either)

    here, left = sums.count * (1 - gone), sums.count * gone
    d_r = w @ (digamma(r + x) - digamma(r) + np.log(alpha)) - here @ log_age - left @ log_last
    d_alpha = sums.people * r / alpha - (here * power) @ (1 / (alpha + sums.age))
    d_alpha -= (left * power) @ (1 / (alpha + sums.t_x))
    both = w @ (digamma(a + b) - digamma(a + b + x))
    d_a = both + left.sum() / a
    d_b = both + w @ (digamma(b + x) - digamma(b))
    d_b -= left[sums.repeats] @ (1 / (b + sums.x[sums.repeats] - 1))
    slope = np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])
    return -total, -slope
