"""A shallow decision tree as rules that people can read: who belongs, in how many cases, how surely.

Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees, by scikit-learn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

_LEAF = 0.01
"""The smallest share of all rows that a rule may speak of."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One test of a feature: ``low < value <= high``; an end that is None is open."""

    feature: str
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.feature} <= {self.high:.4g}"
        if self.high is None:
            return f"{self.feature} > {self.low:.4g}"
        return f"{self.low:.4g} < {self.feature} <= {self.high:.4g}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A leaf: rows for which all conditions hold are mostly of ``label``.

    ``coverage`` is the share of all rows, ``purity`` that of ``label`` among them, ``recall`` the share of the
    label's rows that are found here.
    """

    conditions: tuple[Condition, ...]
    label: int
    rows: int
    coverage: float
    purity: float
    recall: float

    def __str__(self) -> str:
        return " and ".join(str(one) for one in self.conditions) or "everybody"


def tree_rules(
    values: NDArray[np.float64],
    labels: NDArray[np.int64],
    names: Sequence[str],
    *,
    depth: int = 3,
    seed: int = 0,
) -> tuple[Rule, ...]:
    """Return the rules of a tree that tells the labels apart, those of most rows first.

    ``values`` has a row for each case and a column for each name.
    """
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=max(1, round(_LEAF * len(values))), random_state=seed
    ).fit(values, labels)
    leaf_of = tree.apply(values)
    sizes = {label: int((labels == label).sum()) for label in np.unique(labels)}
    found = []
    for leaf, conditions in _leaves(tree.tree_, names):
        inside = labels[leaf_of == leaf]
        kinds, counts = np.unique(inside, return_counts=True)
        best = int(counts.argmax())
        found.append(
            Rule(
                conditions=conditions,
                label=int(kinds[best]),
                rows=len(inside),
                coverage=len(inside) / len(labels),
                purity=float(counts[best] / len(inside)),
                recall=float(counts[best] / sizes[kinds[best]]),
            )
        )
    return tuple(sorted(found, key=lambda rule: -rule.rows))


def _leaves(
    tree: object, names: Sequence[str], node: int = 0, path: tuple[Condition, ...] = ()
) -> Iterator[tuple[int, tuple[Condition, ...]]]:
    """Yield each leaf with its conditions; several tests of one feature become one."""
    left, right = tree.children_left[node], tree.children_right[node]  # type: ignore[attr-defined]
    if left == right:
        yield node, path
        return
    name = names[tree.feature[node]]  # type: ignore[attr-defined]
    at = float(tree.threshold[node])  # type: ignore[attr-defined]
    yield from _leaves(tree, names, left, _narrow(path, name, high=at))
    yield from _leaves(tree, names, right, _narrow(path, name, low=at))


def _narrow(
    path: tuple[Condition, ...], name: str, low: float | None = None, high: float | None = None
) -> tuple[Condition, ...]:
    before = next((one for one in path if one.feature == name), None)
    if before is None:
        return (*path, Condition(feature=name, low=low, high=high))
    # A later test of the same feature is always the narrower one.
    now = Condition(
        feature=name,
        low=before.low if low is None else low,
        high=before.high if high is None else high,
    )
    return tuple(now if one is before else one for one in path)
