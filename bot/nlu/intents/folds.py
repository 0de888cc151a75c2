"""Which examples are held out to learn thresholds from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

FOLDS = 5
# As many held-out texts tell enough; each further fold costs a training.
ENOUGH = 1500


def folds(labels: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(Learnt, held out) rows, until `ENOUGH` were held out; every label keeps an example to learn from."""
    fold_of = _assign(labels, seed)
    held = 0
    for fold in range(FOLDS):
        rows = np.flatnonzero(fold_of == fold)
        if held >= ENOUGH or not len(rows):
            return
        held += len(rows)
        yield np.flatnonzero(fold_of != fold), rows


def _assign(labels: np.ndarray, seed: int) -> np.ndarray:
    """A fold for each row, each label spread over all folds; an only example is never held out (-1)."""
    random = np.random.default_rng(seed)
    fold_of = np.full(len(labels), -1)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        if len(rows) > 1:
            fold_of[rows] = (np.arange(len(rows)) + random.integers(FOLDS)) % FOLDS
    return fold_of
