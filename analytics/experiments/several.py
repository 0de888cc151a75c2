"""Several questions at once: each further one is another chance to be fooled."""

from collections.abc import Sequence

import numpy as np

from analytics.experiments.samples import Numbers
from desk.errors import InvalidError


def bonferroni(alpha: float, questions: int) -> float:
    """Return the alpha for each of several questions, so that all together are wrong in alpha of the cases at most.

    Raises:
        InvalidError: there is no question.
    """
    if questions < 1:
        raise InvalidError("at least one comparison is needed")
    return alpha / questions


def holm(p: Sequence[float] | Numbers) -> Numbers:
    """Return adjusted p-values by Holm (1979), in the order given: compare each with alpha itself.

    The smallest is multiplied by their number m, the next by m - 1, ...; none is below one that was smaller.
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    times = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * times), 1.0)
    return adjusted
