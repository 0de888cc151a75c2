"""Makes probabilities out of scores: what counts how much, and how sure that is."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from bot.nlu.intents.linear import log_softmax

WEIGHTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
BINS = 15


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The number to divide scores by so that their softmax is likeliest for the labels (Guo et al. 2017)."""
    found = minimize_scalar(
        lambda power: -likelihood(scores / np.exp(power), labels), bounds=(-5, 3), method="bounded"
    )
    return float(np.exp(found.x))


def likelihood(scores: np.ndarray, labels: np.ndarray) -> float:
    """The mean logarithm of the probability of the right label."""
    return float(log_softmax(scores)[np.arange(len(labels)), labels].mean())


def weight_of_words(meaning: np.ndarray, words: np.ndarray, labels: np.ndarray) -> float:
    """How much the scores of words count beside the logarithms that the sentence's meaning gives.

    0 is meaning alone. Few examples give a small weight and many a larger one.
    """

    def fit(weight: float) -> float:
        scores = meaning + weight * words
        return likelihood(scores / temperature(scores, labels), labels)

    return max(WEIGHTS, key=fit)


def calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error: |accuracy - confidence| of equal bins, weighed by their size (0..1)."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    total = np.bincount(bins, np.asarray(right, float) - confidences, minlength=BINS)
    return float(np.abs(total).sum() / max(len(confidences), 1))
