"""How one arm of an experiment did, in three figures from which every test is computed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from desk.errors import InvalidError

type Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Contacts of an arm, the mean of their outcomes and the variance of one outcome.

    Each is one number or an array of one shape, such as a place for every look at a running experiment. ``binary``
    says that outcomes are 0 or 1: then the mean is a rate and the variance is rate (1 - rate).
    """

    size: Numbers
    mean: Numbers
    variance: Numbers
    binary: bool


def counted(successes: ArrayLike, size: ArrayLike) -> Sample:
    """Return the sample of so many successes among so many contacts.

    Raises:
        InvalidError: somewhere there are more successes than contacts, or fewer than none.
    """
    hits, contacts = np.asarray(successes, float), np.asarray(size, float)
    if (hits < 0).any() or (hits > contacts).any():
        raise InvalidError("successes must lie between 0 and the number of contacts")
    rate = np.divide(hits, contacts, out=np.zeros_like(hits + contacts), where=contacts > 0)
    return Sample(size=contacts, mean=rate, variance=rate * (1 - rate), binary=True)


def summed(size: ArrayLike, total: ArrayLike, squares: ArrayLike) -> Sample:
    """Return the sample of amounts from their number, sum and sum of squares; the variance is over size - 1."""
    contacts, sums = np.asarray(size, float), np.asarray(total, float)
    mean = np.divide(sums, contacts, out=np.zeros_like(sums), where=contacts > 0)
    around = np.maximum(np.asarray(squares, float) - contacts * mean**2, 0.0)
    return Sample(
        size=contacts,
        mean=mean,
        variance=np.divide(around, contacts - 1, out=np.zeros_like(sums), where=contacts > 1),
        binary=False,
    )


def measured(outcomes: ArrayLike, *, binary: bool = False) -> Sample:
    """Return the sample of outcomes, one for each contact; ``binary`` ones are 0 or 1.

    Raises:
        InvalidError: there is no outcome, or one that is not finite.
    """
    values = np.asarray(outcomes, float)
    if not values.size or not np.isfinite(values).all():
        raise InvalidError("an arm needs outcomes, all of them numbers")
    if binary:
        return counted(values.sum(), values.size)
    # Around the mean: the difference of two large sums would lose what is small beside them.
    spread = values.var(ddof=1) if values.size > 1 else 0.0
    return Sample(
        size=np.asarray(float(values.size)),
        mean=np.asarray(values.mean()),
        variance=np.asarray(spread),
        binary=False,
    )


def shifted(sample: Sample, by: float) -> Sample:
    """Return the sample of outcomes that are all higher by as much."""
    return Sample(
        size=sample.size, mean=sample.mean + by, variance=sample.variance, binary=sample.binary
    )


def check_share(name: str, value: float) -> None:
    """Raise InvalidError unless a value lies between 0 and 1, both excluded."""
    if not 0 < value < 1:
        raise InvalidError(f"{name} must lie between 0 and 1, but is {value:g}")
