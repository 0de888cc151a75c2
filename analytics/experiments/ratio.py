"""Did the arms get as many contacts as they should? If not, assignment or data are broken, and every figure too."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import chisquare

from desk.errors import InvalidError

LEAST_P = 0.001
"""Below this the split is broken: so small, since it is looked at often (Fabijan et al. 2019)."""


def ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return the p-value of the counts under the shares by chi-squared; shares are weights of any sum.

    Raises:
        InvalidError: there are fewer than two arms, no contact, or a share that is not above 0.
    """
    weights = np.asarray(shares, float)
    if len(counts) < 2 or len(counts) != len(weights):
        raise InvalidError("at least two arms with a share each are needed")
    if not sum(counts) or not (weights > 0).all():
        raise InvalidError("there are no contacts, or an arm whose share is not above 0")
    expected = weights / weights.sum() * sum(counts)
    return float(chisquare(np.asarray(counts, float), expected).pvalue)


def is_sound(p: float) -> bool:
    """Return whether an experiment with this p-value may be read."""
    return p > LEAST_P
