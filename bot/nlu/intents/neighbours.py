"""The training examples that mean nearly the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAREST = 5
# More examples of one intent would only repeat what the others say, and each costs time at every message.
MOST = 200


@dataclass(frozen=True)
class Neighbours:
    """Sentence vectors of length 1, ordered by label; `starts[label]` is the first of a label."""

    vectors: np.ndarray
    starts: np.ndarray
    rows: np.ndarray

    def closest(self, vector: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cosines, best first, and training rows of the nearest examples that have one of the labels."""
        parts = [(self.starts[label], self.starts[label + 1]) for label in labels]
        cosines = np.concatenate([self.vectors[start:end] @ vector for start, end in parts])
        rows = np.concatenate([self.rows[start:end] for start, end in parts])
        best = np.argsort(-cosines, kind="stable")[:NEAREST]
        return cosines[best], rows[best]

    def similarity(self, vector: np.ndarray, labels: np.ndarray) -> float:
        """The mean cosine of the nearest examples."""
        cosines, _ = self.closest(vector, labels)
        return float(cosines.mean()) if len(cosines) else 0.0


def gather(vectors: np.ndarray, labels: np.ndarray, among: np.ndarray, count: int) -> Neighbours:
    """Of the rows `among`, the first `MOST` of each of the labels 0 .. count - 1."""
    rows = [among[labels[among] == label][:MOST] for label in range(count)]
    starts = np.cumsum([0, *map(len, rows)])
    order = np.concatenate(rows)
    return Neighbours(vectors[order].astype(np.float32), starts, order)
