"""How good a classifier was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from bot.nlu.intents.calibration import calibration_error


def accuracy(right: Sequence[str], said: Sequence[str]) -> float | None:
    """The share of equal labels (0..1); None of nothing."""
    return round(float(np.mean(_equal(right, said))), 4) if right else None


def macro_f1(right: Sequence[str], said: Sequence[str]) -> float | None:
    """The mean of F1 over the labels that occur among the right ones (0..1)."""
    if not right:
        return None
    labels = sorted(set(right))
    return round(float(f1_score(right, said, labels=labels, average="macro", zero_division=0)), 4)


def ece(right: Sequence[str], said: Sequence[str], confidences: Sequence[float]) -> float | None:
    """Expected calibration error, 15 equal bins (0..1)."""
    if not right:
        return None
    return round(calibration_error(np.array(confidences, float), _equal(right, said)), 4)


def auroc(known: Sequence[float], strange: Sequence[float]) -> float | None:
    """The chance that something strange scores above something known (0..1)."""
    if not known or not strange:
        return None
    truth = [0] * len(known) + [1] * len(strange)
    return round(float(roc_auc_score(truth, [*known, *strange])), 4)


def recall_at(known: Sequence[float], strange: Sequence[float], keep: float) -> float | None:
    """The share of the strange that is found if the share `keep` of the known is kept (0..1)."""
    if not known or not strange:
        return None
    threshold = np.quantile(known, keep)
    return round(float(np.mean(np.array(strange) > threshold)), 4)


def _equal(right: Sequence[str], said: Sequence[str]) -> np.ndarray:
    return np.array([one == other for one, other in zip(right, said, strict=True)])
