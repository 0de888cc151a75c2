"""The customers that the published figures are about."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FILE = Path(__file__).parent / "data" / "cdnow.csv"


@dataclass(frozen=True, kw_only=True)
class Cdnow:
    """Columns of 2,357 customers; times in weeks, money in dollars."""

    frequency: NDArray[np.float64]
    recency: NDArray[np.float64]
    age: NDArray[np.float64]
    mean: NDArray[np.float64]


@cache
def cdnow() -> Cdnow:
    """Return them."""
    _, frequency, recency, age, mean = np.loadtxt(_FILE, delimiter=",", skiprows=1, unpack=True)
    return Cdnow(frequency=frequency, recency=recency, age=age, mean=mean)
