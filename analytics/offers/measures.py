"""How good a ranking is: nDCG, average precision and precision of the first ``k``; relevance is yes or no.

Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002.
"""

from collections.abc import Collection, Sequence

import numpy as np


def ndcg(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Return the discounted gain of the first ``k``, as a share of the best that was possible: 0 to 1."""
    gained = sum(1 / np.log2(n + 2) for n, item in enumerate(ranked[:k]) if item in relevant)
    best = sum(1 / np.log2(n + 2) for n in range(min(k, len(relevant))))
    return float(gained / best) if best else 0.0


def average_precision(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Return the mean of the precisions at each hit among the first ``k``, over what could have been hit."""
    hits, total = 0, 0.0
    for n, item in enumerate(ranked[:k], 1):
        if item in relevant:
            hits += 1
            total += hits / n
    return total / min(k, len(relevant)) if relevant else 0.0


def precision(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Return the share of the first ``k`` that is relevant; places that are not filled count as wrong."""
    return sum(item in relevant for item in ranked[:k]) / k
