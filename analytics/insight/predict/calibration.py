"""From a score to a chance that can be believed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

type Column = NDArray[np.float64]

EDGE = 1e-6
"""Scores are kept this far from 0 and 1, where log-odds have no end."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """chance = 1 / (1 + exp(-(slope x log-odds of the score + shift))).

    Platt (1999), Probabilistic Outputs for Support Vector Machines, on log-odds instead of a distance.
    """

    slope: float = 1.0
    shift: float = 0.0

    def apply(self, score: Column) -> Column:
        """Return the chance for scores from 0 to 1."""
        return np.asarray(expit(self.slope * logit(np.clip(score, EDGE, 1 - EDGE)) + self.shift))


def fit(actual: Column, score: Column) -> Calibration:
    """Learn from scores of rows that the model has not learnt from.

    A model whose order is wrong there gets slope 0: everybody has the rate of all.
    """
    odds = logit(np.clip(score, EDGE, 1 - EDGE))
    model = LogisticRegression(C=1e6, max_iter=1_000).fit(odds[:, None], actual)
    if model.coef_[0, 0] <= 0:
        rate = float(np.clip(np.mean(actual), EDGE, 1 - EDGE))
        return Calibration(slope=0.0, shift=float(logit(rate)))
    return Calibration(slope=float(model.coef_[0, 0]), shift=float(model.intercept_[0]))
