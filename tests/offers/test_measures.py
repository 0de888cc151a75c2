"""Measures of rankings: a table worked out by hand, and scikit-learn as an oracle."""

from math import log2

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from analytics.offers.measures import average_precision, ndcg, precision

BY_HAND = [
    # ranked, relevant, k, nDCG, average precision, precision
    ([1, 2, 3], {1}, 3, 1.0, 1.0, 1 / 3),
    ([1, 2, 3], {2}, 3, 1 / log2(3), 1 / 2, 1 / 3),
    ([1, 2, 3], {3}, 3, 1 / 2, 1 / 3, 1 / 3),
    ([1, 2, 3], {1, 3}, 3, 1.5 / (1 + 1 / log2(3)), (1 + 2 / 3) / 2, 2 / 3),
    ([1, 2, 3], {3}, 2, 0.0, 0.0, 0.0),
    ([1, 2, 3], {9}, 3, 0.0, 0.0, 0.0),
    ([1], {1, 2, 3}, 2, 1 / (1 + 1 / log2(3)), 1 / 2, 1 / 2),
    ([], {1}, 10, 0.0, 0.0, 0.0),
    ([1], set(), 10, 0.0, 0.0, 0.0),
]


@pytest.mark.parametrize(("ranked", "relevant", "k", "gain", "average", "share"), BY_HAND)
def test_by_hand(
    ranked: list[int], relevant: set[int], k: int, gain: float, average: float, share: float
) -> None:
    assert ndcg(ranked, relevant, k) == pytest.approx(gain)
    assert average_precision(ranked, relevant, k) == pytest.approx(average)
    assert precision(ranked, relevant, k) == pytest.approx(share)


def test_against_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    for _ in range(200):
        scores = chance.permutation(30).astype(float)
        relevant = set(chance.choice(30, size=chance.integers(1, 20), replace=False).tolist())
        truth = np.array([[float(item in relevant) for item in range(30)]])
        ranked = np.argsort(-scores).tolist()
        expected = ndcg_score(truth, scores[None, :], k=10)
        assert ndcg(ranked, relevant, 10) == pytest.approx(expected)
