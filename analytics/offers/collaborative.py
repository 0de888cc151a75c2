"""What people like who bought alike: alternating least squares for implicit feedback, by the package ``implicit``.

Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", 2008. Cold start: who is not in the
matrix, and everybody while there is too little in it to learn from (``LEAST``), gets what is popular.
"""

from dataclasses import dataclass

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from analytics.offers.bandit import Floats
from analytics.offers.vectors import Factors, cosines

FACTORS = 32
ITEMS_PER_FACTOR = 8
"""With more factors for few items, the model learns each person by heart and knows no neighbours any more."""
ALPHA = 2.0
"""How much surer we are of what somebody did than of what they did not."""
LEAST = (20, 5)
"""People with two different items, and items, from which on factors are more than noise."""
_REGULARIZATION = 0.05
_ITERATIONS = 15


@dataclass(frozen=True)
class Model:
    """Factors of people and items; their product is how much a person would like an item, mostly in 0 to 1."""

    people: Factors
    items: Factors

    def scores(self, person: int) -> Floats:
        """Return how much somebody would like each item."""
        scores: Floats = (self.items @ self.people[person]).astype(np.float64)
        return scores

    def neighbours(self, item: int, count: int) -> list[tuple[int, float]]:
        """Return the items that are liked by the same people, with the cosine of their factors, best first."""
        alike = cosines(self.items, self.items[item])
        alike[item] = -np.inf
        return [(int(n), float(alike[n])) for n in np.argsort(-alike, kind="stable")[:count]]


def enough(matrix: csr_matrix) -> bool:
    """Say whether there is enough to learn from: people x items with weights."""
    people, items = LEAST
    several = int((np.diff(matrix.indptr) > 1).sum())
    return several >= people and int((matrix.getnnz(axis=0) > 0).sum()) >= items


def learn(matrix: csr_matrix, *, factors: int = FACTORS, seed: int = 0) -> Model:
    """Factorise people x items, whose weights say how much somebody had to do with an item."""
    size = max(2, min(factors, matrix.shape[1] // ITEMS_PER_FACTOR))
    # One thread of ours: BLAS with threads of its own makes it many times slower, of which implicit warns.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=size,
            regularization=_REGULARIZATION,
            alpha=ALPHA,
            iterations=_ITERATIONS,
            num_threads=1,
            random_state=seed,
        )
        model.fit(csr_matrix(matrix, dtype=np.float32), show_progress=False)
    return Model(model.user_factors, model.item_factors)


def popularity(matrix: csr_matrix) -> Floats:
    """Return how popular each item is: people who had to do with it, as a share of the most popular one's."""
    people: Floats = matrix.getnnz(axis=0).astype(np.float64)
    return people / max(people.max(initial=0.0), 1.0)
