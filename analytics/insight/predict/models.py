"""The models that are tried, from scikit-learn, each of a size that can be scored in the engine."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

type Matrix = NDArray[np.float64]
type Column = NDArray[np.float64]
type Make = Callable[[int, int], Any]
"""Makes an untrained model for so many rows, from a seed."""

_TREES = 32
_DEEPEST = 6
"""A tree has 2^6 leaves at most: deeper ones hardly tell more, and all of them become one expression."""
_OF_EACH_TREE = 20_000
"""Rows that one tree of a forest sees at most."""


def _leaf(rows: int) -> int:
    return max(5, round(0.002 * rows))


def _forest(kind: Any, rows: int, seed: int) -> Any:
    return kind(
        n_estimators=_TREES,
        max_depth=_DEEPEST,
        min_samples_leaf=max(2, _leaf(min(rows, _OF_EACH_TREE)) // 2),
        max_features="sqrt" if kind is RandomForestClassifier else 0.5,
        max_samples=min(_OF_EACH_TREE, rows),
        random_state=seed,
    )


CLASSIFIERS: Mapping[str, Make] = {
    "logistic regression": lambda rows, seed: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1_000)
    ),
    "decision tree": lambda rows, seed: DecisionTreeClassifier(
        max_depth=5, min_samples_leaf=max(_leaf(rows), round(0.01 * rows)), random_state=seed
    ),
    "random forest": lambda rows, seed: _forest(RandomForestClassifier, rows, seed),
}
"""Tell whether it happens; the penalty of the first (C = 1) keeps its weights finite."""

REGRESSORS: Mapping[str, Make] = {
    "linear regression": lambda rows, seed: make_pipeline(StandardScaler(), Ridge(alpha=1.0)),
    "random forest": lambda rows, seed: _forest(RandomForestRegressor, rows, seed),
}
"""Tell how much; a penalty of 1 on standardised features keeps columns that say the same from fighting."""


def predicted(model: Any, values: Matrix) -> Column:
    """Return the chance of 1, or the number."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(values)[:, 1], np.float64)
    return np.asarray(model.predict(values), np.float64)
