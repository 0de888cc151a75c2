"""How much each will spend, learnt from a file, with the error in money."""

from dataclasses import dataclass
from pathlib import Path

from analytics.analyses import learning
from analytics.analyses.learning import Asked
from analytics.insight.predict import amount, drivers, leaks, measures
from analytics.insight.predict.drivers import Importance
from analytics.insight.predict.leaks import Leak
from analytics.insight.predict.left_out import LeftOut
from analytics.insight.predict.measures import Bin, Column, Errors
from analytics.insight.predict.trials import Trial


@dataclass(frozen=True, kw_only=True)
class AmountReport:
    """All there is to say; ``of_mean`` are the errors of telling everybody the mean."""

    target: str
    rows: int
    learnt_from: int
    mean: float
    by_time: bool
    model: str
    trials: tuple[Trial, ...]
    tested: int
    errors: Errors
    of_mean: Errors
    bins: tuple[Bin, ...]
    leaks: tuple[Leak, ...]
    left_out: tuple[LeftOut, ...]
    missing: dict[str, int]
    importance: tuple[Importance, ...]


def report(path: Path, asked: Asked) -> AmountReport:
    """Learn how much.

    Raises:
        InvalidError: the file or a column cannot be used, or there is nothing to learn from.
    """
    table, features = learning.opened(path, asked)
    table = learning.amounts(table, asked.target)
    everything = learning.read(table, features, timed=asked.time is not None)
    knowing = (*leaks.of_amounts(everything), *learning.after_time(table, features))
    rows = learning.without_leaks(everything, knowing, asked.keep)
    found = amount.train(rows, seed=asked.seed)
    return AmountReport(
        target=asked.target,
        rows=rows.of,
        learnt_from=len(rows.target),
        mean=float(rows.target.mean()),
        by_time=asked.time is not None,
        model=found.model.name,
        trials=found.trials,
        tested=len(found.test),
        errors=found.errors,
        of_mean=found.of_mean,
        bins=found.bins,
        leaks=knowing,
        left_out=rows.encoding.left_out,
        missing=rows.encoding.missing,
        importance=drivers.importance(
            rows.encoding,
            rows.values[found.test],
            rows.target[found.test],
            _closeness,
            found.tried_model.amount,
            seed=asked.seed,
        ),
    )


def _closeness(actual: Column, guess: Column) -> float:
    """Return minus the mean absolute error, so that what is lost is money."""
    return -measures.errors(actual, guess).mean_absolute
