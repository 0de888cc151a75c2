"""How much: a model of money, chosen on later time, with its error in that money.

Chosen by the root mean square error, the one that a prediction of the mean makes smallest (Gneiting 2011), since money
is added up; the others are reported beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ibis.expr.types import Table
from numpy.typing import NDArray

from analytics.insight.predict import compiled, folds, measures
from analytics.insight.predict.encoding import Encoding
from analytics.insight.predict.measures import Bin, Errors
from analytics.insight.predict.models import REGRESSORS, Column, Matrix, predicted
from analytics.insight.predict.rows import Rows
from analytics.insight.predict.trials import Trial, tried
from desk.errors import InvalidError

_FEWEST = 20


@dataclass(frozen=True, kw_only=True)
class AmountModel:
    """A trained model."""

    name: str
    encoding: Encoding
    model: Any

    def amount(self, values: Matrix) -> Column:
        """Return what is expected for rows of the matrix."""
        return predicted(self.model, values)

    def scores(self, table: Table, keep: Sequence[str]) -> Table:
        """Return the columns ``keep`` and ``score``, the amount, as an expression of the engine."""
        return compiled.scores(table, self.encoding, self.model, keep=keep)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """The model, how all did by time and by chance (root mean square error), and its errors on the last part.

    ``of_mean`` are the errors of telling everybody the mean of the earlier rows; ``tried_model`` has not learnt from
    the rows ``test``.
    """

    model: AmountModel
    tried_model: AmountModel
    trials: tuple[Trial, ...]
    errors: Errors
    of_mean: Errors
    bins: tuple[Bin, ...]
    test: NDArray[np.int64]


def train(rows: Rows, *, seed: int = 0) -> Amount:
    """Choose, try and train.

    Raises:
        InvalidError: there are too few rows or times, or the target never changes.
    """
    _check(rows)
    values, target = rows.values, rows.target
    plan = folds.plan(target, rows.at, classes=False, seed=seed)
    found = tried(REGRESSORS, values, target, plan, _root_mean_square, seed)
    name = min(found.trials, key=lambda trial: trial.decides).name
    learn, test = plan.test

    def trained(on: NDArray[np.int64]) -> AmountModel:
        model = REGRESSORS[name](len(on), seed).fit(values[on], target[on])
        return AmountModel(name=name, encoding=rows.encoding, model=model)

    first = trained(learn)
    guess = first.amount(values[test])
    mean = np.full(len(test), target[learn].mean())
    return Amount(
        model=trained(np.arange(len(target))),
        tried_model=first,
        trials=found.trials,
        errors=measures.errors(target[test], guess),
        of_mean=measures.errors(target[test], mean),
        bins=measures.bins(target[test], guess),
        test=test,
    )


def _root_mean_square(actual: Column, guess: Column) -> float:
    return measures.errors(actual, guess).root_mean_square


def _check(rows: Rows) -> None:
    if len(rows.target) < _FEWEST:
        raise InvalidError(f"there are {len(rows.target)} rows: at least {_FEWEST} are needed")
    if not np.ptp(rows.target):
        raise InvalidError("the target is the same in every row: there is nothing to tell")
    rows.encoding.check()
