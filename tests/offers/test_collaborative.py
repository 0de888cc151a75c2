"""Who bought alike: two tastes that a model has to find, and the rules for who is new."""

import warnings

import numpy as np
from scipy.sparse import csr_matrix

from analytics.offers import collaborative, vectors

PEOPLE, ITEMS = 120, 20


def tastes(seed: int = 1) -> csr_matrix:
    """Even people buy even items, odd people odd ones; nobody buys all of theirs."""
    chance = np.random.default_rng(seed)
    alike = np.add.outer(np.arange(PEOPLE), np.arange(ITEMS)) % 2 == 0
    return csr_matrix((alike & (chance.random((PEOPLE, ITEMS)) < 0.5)).astype(np.float32))


def test_what_is_not_bought_yet_is_ranked_by_taste() -> None:
    matrix = tastes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = collaborative.learn(matrix)
    right = 0
    for person in range(PEOPLE):
        scores = model.scores(person)
        scores[matrix[person].indices] = -np.inf
        right += int(scores.argmax()) % 2 == person % 2
    assert right >= 0.95 * PEOPLE


def test_neighbours_are_items_of_the_same_taste() -> None:
    model = collaborative.learn(tastes())
    for item in range(ITEMS):
        near = model.neighbours(item, 3)
        assert [n % 2 for n, _ in near] == [item % 2] * 3
        assert item not in [n for n, _ in near]
        assert [score for _, score in near] == sorted((s for _, s in near), reverse=True)


def test_the_same_seed_gives_the_same_factors() -> None:
    one, two, other = (collaborative.learn(tastes(), seed=s) for s in (3, 3, 4))
    assert np.array_equal(one.items, two.items)
    assert not np.array_equal(one.items, other.items)


def test_a_cosine_with_nothing_is_nothing() -> None:
    rows = np.array([[1, 0], [0, 0], [1, 1]], np.float32)
    assert np.allclose(vectors.cosines(rows, rows[0]), [1, 0, np.sqrt(0.5)])
    assert vectors.cosines(rows, rows[1]).tolist() == [0, 0, 0]


def test_too_little_is_not_learnt_from() -> None:
    assert collaborative.enough(tastes())
    assert not collaborative.enough(tastes()[:15])
    once = csr_matrix(np.eye(30, dtype=np.float32))
    assert not collaborative.enough(once)


def test_popularity_counts_people_not_pieces() -> None:
    bought = csr_matrix(np.array([[9, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]], np.float32))
    assert collaborative.popularity(bought).tolist() == [2 / 3, 1.0, 0.0]
    assert collaborative.popularity(csr_matrix((0, 2))).tolist() == [0.0, 0.0]
