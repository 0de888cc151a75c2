"""Vectors of factors, apart from the model that learns them: whoever answers needs no model."""

import numpy as np
from numpy.typing import NDArray

from analytics.offers.bandit import Floats

type Factors = NDArray[np.float32]


def cosines(rows: Factors, one: Factors) -> Floats:
    """Return the cosine of each row with ``one``; 0 where either is 0."""
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(one)
    products: Floats = (rows @ one).astype(np.float64)
    found: Floats = np.divide(products, lengths, out=np.zeros(len(rows)), where=lengths > 0)
    return found
