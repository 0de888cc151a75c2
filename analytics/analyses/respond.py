"""Who responds, learnt from a file: the model, how far it can be believed, and what drives it."""

from dataclasses import dataclass
from pathlib import Path

from analytics.analyses import learning
from analytics.analyses.learning import Asked
from analytics.insight.predict import drivers, leaks, measures, response
from analytics.insight.predict.drivers import Importance, Odds, ResponseRule
from analytics.insight.predict.leaks import Leak
from analytics.insight.predict.left_out import LeftOut
from analytics.insight.predict.response import Quality
from analytics.insight.predict.trials import Trial


@dataclass(frozen=True, kw_only=True)
class RespondReport:
    """All there is to say. ``positive`` is the value of the target that is predicted, ``rate`` its share.

    ``rows`` are those with a target, ``learnt_from`` those that were read (a sample of many).
    """

    target: str
    positive: str
    negative: str
    rows: int
    learnt_from: int
    rate: float
    by_time: bool
    model: str
    trials: tuple[Trial, ...]
    quality: Quality
    leaks: tuple[Leak, ...]
    left_out: tuple[LeftOut, ...]
    missing: dict[str, int]
    importance: tuple[Importance, ...]
    rules: tuple[ResponseRule, ...]
    odds: tuple[Odds, ...]


def report(path: Path, asked: Asked, positive: str | None = None) -> RespondReport:
    """Learn who responds.

    Raises:
        InvalidError: the file or a column cannot be used, or there is nothing to learn from.
    """
    table, features = learning.opened(path, asked)
    table, yes, no = learning.two_values(table, asked.target, positive)
    everything = learning.read(table, features, timed=asked.time is not None)
    knowing = (*leaks.of_classes(everything), *learning.after_time(table, features))
    rows = learning.without_leaks(everything, knowing, asked.keep)
    found = response.train(rows, seed=asked.seed)
    return RespondReport(
        target=asked.target,
        positive=yes,
        negative=no,
        rows=rows.of,
        learnt_from=len(rows.target),
        rate=float(rows.target.mean()),
        by_time=asked.time is not None,
        model=found.model.name,
        trials=found.trials,
        quality=found.quality,
        leaks=knowing,
        left_out=rows.encoding.left_out,
        missing=rows.encoding.missing,
        importance=drivers.importance(
            rows.encoding,
            rows.values[found.test],
            rows.target[found.test],
            measures.auc,
            found.tried_model.chance,
            seed=asked.seed,
        ),
        rules=drivers.rules(rows, seed=asked.seed),
        odds=drivers.odds_ratios(rows),
    )
