"""Groups of similar customers: found, named by what stands out, and the same from one refresh to the next.

Standardised features, mini-batch k-means (Sculley 2010), the number of groups by the mean silhouette (Rousseeuw 1987)
on a sample. Words are encoded, one column for each, and never taken for numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from desk.errors import InvalidError

type Matrix = NDArray[np.float64]
type Labels = NDArray[np.int64]

_SAMPLE = 2_000
_MOST_GROUPS = 8
_MOST_WORDS = 12
"""Different words of a column that get a column of their own; the rest share one."""
_STANDS_OUT = 0.5
"""Standard deviations from the mean of all."""


@dataclass(frozen=True, kw_only=True)
class Features:
    """A matrix with a row for each customer who has all values, and what its columns are.

    ``kept`` are the rows of the table that are in it; ``left_out`` how many lack a value.
    """

    names: tuple[str, ...]
    values: Matrix
    kept: NDArray[np.int64]
    left_out: int


def encode(columns: Mapping[str, Sequence[object]]) -> Features:
    """Return columns of numbers, truth values and words as one matrix; rows that lack a value are left out.

    Raises:
        InvalidError: nothing varies, or no row is whole.
    """
    size = len(next(iter(columns.values()), ()))
    whole = np.ones(size, bool)
    for column in columns.values():
        whole &= np.array([not _is_missing(value) for value in column], bool)
    kept = np.flatnonzero(whole)
    if not len(kept):
        raise InvalidError("no row has a value in every feature")
    names: list[str] = []
    parts: list[Matrix] = []
    for name, column in columns.items():
        rest = [column[row] for row in kept.tolist()]
        for part, values in _columns(name, rest):
            if values.std() > 0:
                names.append(part)
                parts.append(values)
    if not parts:
        raise InvalidError(
            "every feature is the same for everybody: there is nothing to tell apart"
        )
    return Features(
        names=tuple(names), values=np.column_stack(parts), kept=kept, left_out=size - len(kept)
    )


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The groups: a label for each row of the matrix, and a centre for each label in the features' own units."""

    labels: Labels
    centres: Matrix
    names: tuple[str, ...]
    #: Mean silhouette of the sample, from -1 to 1, by the number of groups that was tried.
    silhouettes: dict[int, float]

    @property
    def silhouette(self) -> float:
        """How well these groups stand apart."""
        return self.silhouettes[len(self.centres)]


def cluster(
    features: Features,
    *,
    groups: int | None = None,
    earlier: Matrix | None = None,
    seed: int = 0,
) -> Groups:
    """Find groups; without a number, the one from 2 to 8 with the best silhouette.

    ``earlier`` are the centres of the refresh before, in the same features: the nearest group keeps its label.

    Raises:
        InvalidError: there are fewer different rows than groups.
    """
    mean, spread = features.values.mean(axis=0), features.values.std(axis=0)
    scaled = (features.values - mean) / spread
    chance = np.random.default_rng(seed)
    sample = scaled[chance.choice(len(scaled), min(_SAMPLE, len(scaled)), replace=False)]
    different = len(np.unique(sample, axis=0))
    if groups is not None and not 2 <= groups <= different:
        raise InvalidError(
            f"{groups} groups cannot be made of {different} different customers; choose 2 to {different}"
        )
    tried = range(2, min(_MOST_GROUPS, different - 1) + 1) if groups is None else (groups,)
    if not tried:
        raise InvalidError("there are fewer than 3 different customers: no groups can be found")
    # In one thread: the steps are small, and threads that wait for each other at every one take ten times as long as
    # soon as the machine has something else to do.
    with threadpool_limits(1):
        silhouettes = {k: _silhouette(sample, k, seed) for k in tried}
        best = max(silhouettes, key=lambda k: silhouettes[k])
        model = MiniBatchKMeans(
            n_clusters=best, random_state=seed, n_init=5, batch_size=4_096
        ).fit(scaled)
    centres = model.cluster_centers_ * spread + mean
    order = _order(model.cluster_centers_, None if earlier is None else (earlier - mean) / spread)
    place = np.empty(best, np.int64)
    place[order] = np.arange(best)
    return Groups(
        labels=place[model.labels_],
        centres=centres[order],
        names=tuple(_name(row, features.names) for row in model.cluster_centers_[order]),
        silhouettes=silhouettes,
    )


def _order(centres: Matrix, earlier: Matrix | None) -> NDArray[np.int64]:
    """Return which new group takes each place: that of the nearest earlier one, else by size along the features."""
    if earlier is None or earlier.shape[1] != centres.shape[1]:
        return np.lexsort(centres.T[::-1])
    rows, columns = linear_sum_assignment(cdist(earlier, centres))
    taken = columns[np.argsort(rows)]
    new = [n for n in range(len(centres)) if n not in set(taken.tolist())]
    return np.array([*taken, *new], np.int64)[: len(centres)]


def _silhouette(sample: Matrix, groups: int, seed: int) -> float:
    labels = MiniBatchKMeans(n_clusters=groups, random_state=seed, n_init=3).fit_predict(sample)
    found = len(np.unique(labels))
    if not 1 < found < len(sample):
        return -1.0
    return float(silhouette_score(sample, labels))


def _name(centre: Matrix, names: Sequence[str]) -> str:
    """Return the two features that stand out most, such as ``high money, low recency``."""
    order = np.argsort(-np.abs(centre))
    told = [
        f"{'high' if centre[n] > 0 else 'low'} {names[n]}"
        for n in order[:2]
        if abs(centre[n]) >= _STANDS_OUT
    ]
    return ", ".join(told) or "like most"


def _columns(name: str, values: Sequence[object]) -> list[tuple[str, Matrix]]:
    if all(isinstance(value, bool | int | float) for value in values):
        return [(name, np.array(values, float))]
    words = [str(value) for value in values]
    known, counts = np.unique(words, return_counts=True)
    common = known[np.argsort(-counts, kind="stable")][:_MOST_WORDS]
    held = np.array(words)
    found = [(f"{name} {word}", (held == word).astype(float)) for word in common]
    if len(known) > len(common):
        found.append((f"{name} other", (~np.isin(held, common)).astype(float)))
    return found


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and not np.isfinite(value))
