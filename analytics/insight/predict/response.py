"""Whether it happens: the model that does best on later time, with chances that can be believed.

How: every model is trained on what came before a block of time and tried on that block (random folds beside it, never
instead); the best by ROC AUC is taken; its scores on those blocks teach the calibration; and the last block, which
none of this has seen, says how good the result is. The model that is kept is then trained on everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ibis.expr.types import Table
from numpy.typing import NDArray

from analytics.insight.predict import calibration, compiled, folds, measures
from analytics.insight.predict.calibration import Calibration
from analytics.insight.predict.encoding import Encoding
from analytics.insight.predict.measures import Bin, Tenth
from analytics.insight.predict.models import CLASSIFIERS, Column, Matrix, predicted
from analytics.insight.predict.rows import Rows
from analytics.insight.predict.trials import Trial, tried
from desk.errors import InvalidError

_FEWEST = 10
"""Rows of each kind; of fewer nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class ResponseModel:
    """A trained and calibrated model."""

    name: str
    encoding: Encoding
    model: Any
    calibration: Calibration

    def chance(self, values: Matrix) -> Column:
        """Return chances for rows of the matrix."""
        return self.calibration.apply(predicted(self.model, values))

    def scores(self, table: Table, keep: Sequence[str]) -> Table:
        """Return the columns ``keep`` and ``score``, the chance from 0 to 1, as an expression of the engine."""
        return compiled.scores(
            table, self.encoding, self.model, keep=keep, calibration=self.calibration
        )


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How good chances are on rows that nothing was learnt from.

    ``auc_low`` and ``auc_high`` are the ends of its 95% interval; ``average_precision`` is to be compared with
    ``rate``, ``brier`` with that of telling everybody the rate.
    """

    rows: int
    rate: float
    auc: float
    auc_low: float
    auc_high: float
    average_precision: float
    brier: float
    brier_of_rate: float
    calibration_error: float
    calibration: tuple[Bin, ...]
    lift: tuple[Tenth, ...]


@dataclass(frozen=True, kw_only=True)
class Response:
    """The model, how all did by time and by chance, its quality on the last part, and that part's row numbers.

    ``tried_model`` is the one that ``quality`` speaks of: it has not learnt from ``test``.
    """

    model: ResponseModel
    tried_model: ResponseModel
    trials: tuple[Trial, ...]
    quality: Quality
    test: NDArray[np.int64]


def train(rows: Rows, *, seed: int = 0) -> Response:
    """Choose, calibrate, try and train; ``rows.target`` is 0 or 1.

    Raises:
        InvalidError: there is one class only, or too few rows of one, or too few times.
    """
    _check(rows)
    values, target = rows.values, rows.target
    plan = folds.plan(target, rows.at, classes=True, seed=seed)
    found = tried(CLASSIFIERS, values, target, plan, measures.auc, seed)
    name = max(found.trials, key=lambda trial: trial.decides).name
    seen, told = target[found.rows], found.predictions[name]
    learn, test = plan.test

    def trained(on: NDArray[np.int64], teaches: Calibration) -> ResponseModel:
        model = CLASSIFIERS[name](len(on), seed).fit(values[on], target[on])
        return ResponseModel(name=name, encoding=rows.encoding, model=model, calibration=teaches)

    first = trained(learn, calibration.fit(seen, told))
    later = predicted(first.model, values[test])
    every = calibration.fit(np.append(seen, target[test]), np.append(told, later))
    return Response(
        model=trained(np.arange(len(target)), every),
        tried_model=first,
        trials=found.trials,
        quality=quality(target[test], first.calibration.apply(later)),
        test=test,
    )


def quality(actual: Column, chance: Column) -> Quality:
    """Return how good chances are."""
    ones, rate = float(actual.sum()), float(actual.mean())
    area = measures.auc(actual, chance)
    low, high = measures.auc_interval(area, ones, len(actual) - ones)
    told = measures.bins(actual, chance)
    return Quality(
        rows=len(actual),
        rate=rate,
        auc=area,
        auc_low=low,
        auc_high=high,
        average_precision=measures.average_precision(actual, chance),
        brier=measures.brier(actual, chance),
        brier_of_rate=rate * (1 - rate),
        calibration_error=measures.calibration_error(told),
        calibration=told,
        lift=measures.lift(actual, chance),
    )


def _check(rows: Rows) -> None:
    ones = int(rows.target.sum())
    zeros = len(rows.target) - ones
    if not ones or not zeros:
        raise InvalidError("the target is the same in every row: there is nothing to tell apart")
    if min(ones, zeros) < _FEWEST:
        raise InvalidError(
            f"the target has {ones} rows of one kind and {zeros} of the other: "
            f"at least {_FEWEST} of each are needed"
        )
    rows.encoding.check()
