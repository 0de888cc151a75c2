"""How unlike everything learnt a message is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Familiarity:
    """Signs that a message is familiar, each standardised by the held-out messages, and where strange begins."""

    mean: np.ndarray
    deviation: np.ndarray
    threshold: float

    def strangeness(self, signs: np.ndarray) -> np.ndarray:
        """0..1 for signs (along the last axis); above one half is out of scope."""
        found: np.ndarray = expit(self._sum(signs) - self.threshold)
        return found

    def _sum(self, signs: np.ndarray) -> np.ndarray:
        total: np.ndarray = -((signs - self.mean) / self.deviation).sum(axis=-1)
        return total


def familiarity(signs: np.ndarray, keep: float) -> Familiarity:
    """From the signs of held-out messages (n x signs), of which the share `keep` stays in scope."""
    if not len(signs):
        return Familiarity(np.zeros(signs.shape[1]), np.ones(signs.shape[1]), np.inf)
    found = Familiarity(signs.mean(axis=0), signs.std(axis=0) + 1e-6, 0.0)
    threshold = float(np.quantile(found._sum(signs), keep))
    return Familiarity(found.mean, found.deviation, threshold)


def margin(scores: np.ndarray) -> np.ndarray:
    """By how much the best score leads, along the last axis; a single label leads by its score."""
    if scores.shape[-1] < 2:
        return scores[..., 0]
    best = np.partition(scores, -2, axis=-1)
    lead: np.ndarray = best[..., -1] - best[..., -2]
    return lead
