"""Models as one expression of the engine: rows are scored where they lie, and none is read into Python.

The expression gives what scikit-learn gives, to 1e-9, of the same matrix.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import ibis
import numpy as np
from ibis.expr.types import NumericValue, Table
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from analytics.engine import double
from analytics.insight.predict.calibration import EDGE, Calibration
from analytics.insight.predict.encoding import Encoding
from desk.errors import InvalidError

type Columns = Sequence[NumericValue]

_LARGEST = 700.0
"""exp() of more overflows in some engines; the difference is far below 1e-300."""


def scores(
    table: Table,
    encoding: Encoding,
    model: Any,
    *,
    keep: Sequence[str],
    calibration: Calibration | None = None,
) -> Table:
    """Return the columns ``keep`` and ``score``: a chance for a model of classes, a number for the others."""
    # Two steps, so that the engine computes a column once and not at every branch of every tree.
    staged = table.select(*keep, **encoding.columns(table))
    columns = [staged[f"x{number}"] for number in range(len(encoding.parts))]
    raw = staged.select(*keep, score=expression(model, columns))
    return calibrated(raw, keep, calibration) if calibration else raw


def expression(model: Any, columns: Columns) -> NumericValue:
    """Return a fitted model of scikit-learn as an expression over the columns of its matrix.

    Raises:
        InvalidError: there is no such model here, or it tells more than two classes apart.
    """
    make = _MODELS.get(type(model))
    if make is None:
        raise InvalidError(f"a {type(model).__name__} cannot be written as an expression")
    if len(getattr(model, "classes_", (0, 1))) != 2:
        raise InvalidError("only models of two classes can be written as an expression")
    return make(model, columns)


def calibrated(table: Table, keep: Sequence[str], calibration: Calibration) -> Table:
    """Return the chance for each ``score``, as ``Calibration.apply`` does."""
    # In a step of its own, since it is needed twice.
    table = table.select(*keep, inside=_between(table.score, EDGE, 1 - EDGE))
    odds = (table.inside / (1 - table.inside)).ln()
    return table.select(*keep, score=_sigmoid(odds * calibration.slope + calibration.shift))


def _pipeline(model: Any, columns: Columns) -> NumericValue:
    *before, last = [step for _, step in model.steps]
    for scaler in before:
        if type(scaler) is not StandardScaler:
            raise InvalidError(f"a {type(scaler).__name__} cannot be written as an expression")
        pairs = zip(columns, scaler.mean_.tolist(), scaler.scale_.tolist(), strict=True)
        columns = [(column - mean) / scale for column, mean, scale in pairs]
    return expression(last, columns)


def _linear(model: Any, columns: Columns) -> NumericValue:
    weights = np.ravel(model.coef_).tolist()
    shift = float(np.ravel(model.intercept_)[0])
    terms = [column * weight for column, weight in zip(columns, weights, strict=True)]
    return _sum([*terms, ibis.literal(shift, "float64")])


def _logistic(model: Any, columns: Columns) -> NumericValue:
    return _sigmoid(_linear(model, columns))


def _sigmoid(odds: NumericValue) -> NumericValue:
    return cast(NumericValue, 1 / (1 + (-_between(odds, -_LARGEST, _LARGEST)).exp()))


def _between(value: NumericValue, low: float, high: float) -> NumericValue:
    # Not clip(): Ibis writes its argument four times.
    return cast(NumericValue, ibis.least(ibis.greatest(value, low), high))


def _tree(model: Any, columns: Columns) -> NumericValue:
    tree = model.tree_
    # Of a model of classes: the share of the second one in the leaf.
    values = tree.value[:, 0, -1] if hasattr(model, "classes_") else tree.value[:, 0, 0]

    def branch(node: int) -> NumericValue:
        # All the way down to the right is one choice among several: what lies inside of another choice is copied once
        # more by the engine, which is what a tree costs.
        cases = []
        while (left := int(tree.children_left[node])) != (right := int(tree.children_right[node])):
            test = columns[int(tree.feature[node])] <= cut(float(tree.threshold[node]))
            cases.append((test, branch(left)))
            node = right
        leaf = double(values[node])
        return cast(NumericValue, ibis.cases(*cases, else_=leaf) if cases else leaf)

    return branch(0)


def _forest(model: Any, columns: Columns) -> NumericValue:
    trees = [_tree(tree, columns) for tree in model.estimators_]
    return _sum(trees) / len(trees)


def _sum(terms: Sequence[NumericValue]) -> NumericValue:
    # By halves: an expression as deep as it has terms is too deep for what writes it down.
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return _sum(terms[:middle]) + _sum(terms[middle:])


def cut(threshold: float) -> float:
    """Return the largest double that scikit-learn finds to be at most the threshold of a tree.

    Its trees round every value to single precision before they compare, to the nearest, a tie to the even one.
    """
    single = np.float32(threshold)
    if float(single) > threshold:
        single = np.nextafter(single, np.float32(-np.inf))
    above = np.nextafter(single, np.float32(np.inf))
    middle = (float(single) + float(above)) / 2
    return middle if np.float32(middle) == single else float(np.nextafter(middle, -np.inf))


_MODELS: dict[type, Callable[[Any, Columns], NumericValue]] = {
    Pipeline: _pipeline,
    LinearRegression: _linear,
    Ridge: _linear,
    LogisticRegression: _logistic,
    DecisionTreeClassifier: _tree,
    DecisionTreeRegressor: _tree,
    RandomForestClassifier: _forest,
    RandomForestRegressor: _forest,
}
