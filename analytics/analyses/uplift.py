"""Whom a treatment changes, learnt from a file of an experiment, and tried on people who were not learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ibis.expr.types import Table

from analytics.analyses import learning
from analytics.analyses.learning import Asked
from analytics.experiments import trials
from analytics.experiments.samples import Numbers
from analytics.experiments.trials import Contacts, Fold, Tried
from analytics.insight.predict import folds, leaks, measures
from analytics.insight.predict.leaks import Leak
from analytics.insight.predict.left_out import LeftOut
from analytics.insight.predict.models import CLASSIFIERS, predicted
from analytics.insight.predict.rows import Rows
from desk.errors import InvalidError

_FEWEST = 10
"""Contacts of each kind (treated or not, with the outcome or not)."""
_CLEAR = 0.9
"""A way is called better when it wins in this share of the trials."""
_MODELS = ("two models", "transformed outcome")
_RESPONSE = "response only"


@dataclass(frozen=True, kw_only=True)
class UpliftAsked:
    """What an analyst asks: no features means all others; ``treated`` and ``positive`` name what counts as 1."""

    treatment: str
    outcome: str
    features: tuple[str, ...] = ()
    time: str | None = None
    keep: tuple[str, ...] = ()
    treated: str | None = None
    positive: str | None = None
    seeds: int = 5


@dataclass(frozen=True, kw_only=True)
class Way:
    """How one way of choosing did: mean and standard deviation of its Qini coefficient over the trials.

    ``uplift`` is the rate of the treated less that of the others among the best 10, 20 and 30% (None: only one of the
    two was there). ``curve`` are outcomes gained per 1,000 contacts when the best so many are treated, at the report's
    ``grid``. ``beats_response`` and ``beats_chance`` are shares of the trials.
    """

    name: str
    qini: float
    spread: float
    trials: tuple[float, ...]
    uplift: tuple[float | None, ...]
    curve: tuple[float, ...]
    beats_response: float
    beats_chance: float

    @property
    def is_better(self) -> bool:
        """Whether it clearly beats both response and chance."""
        return min(self.beats_response, self.beats_chance) >= _CLEAR

    @property
    def beats_chance_clearly(self) -> bool:
        """Whether it clearly beats treating at random."""
        return self.beats_chance >= _CLEAR


@dataclass(frozen=True, kw_only=True)
class UpliftReport:
    """All there is to say. ``effect`` is the rate of all treated less that of all others.

    ``told_treatment`` is how well features tell who was treated (ROC AUC; 0.5 when it was by chance), and its lower
    end.
    """

    treatment: str
    treated: str
    untreated: str
    outcome: str
    positive: str
    rows: int
    learnt_from: int
    share_treated: float
    rate_treated: float
    rate_untreated: float
    effect: float
    told_treatment: float
    told_treatment_low: float
    by_time: bool
    trials: int
    seeds: int
    shares: tuple[float, ...]
    grid: tuple[float, ...]
    ways: tuple[Way, ...]
    best: str | None
    leaks: tuple[Leak, ...]
    left_out: tuple[LeftOut, ...]
    missing: dict[str, int]


def report(path: Path, asked: UpliftAsked) -> UpliftReport:
    """Learn whom the treatment changes.

    Raises:
        InvalidError: the file or a column cannot be used, or there is nothing to learn from.
    """
    if asked.seeds < 1:
        raise InvalidError("--seeds: at least 1 is needed")
    table, features, treated, untreated, positive = _opened(path, asked)
    everything = learning.read(table, features, timed=asked.time is not None)
    kinds = everything.target
    outcome = replace(everything, target=kinds % 2)
    treatment = replace(everything, target=np.floor(kinds / 2))
    trials.check_kinds(kinds, _FEWEST)
    knowing = (
        *leaks.of_classes(outcome),
        *_of_treatment(treatment),
        *learning.after_time(table, features),
    )
    rows = learning.without_leaks(outcome, knowing, asked.keep)
    rows.encoding.check()
    contacts = Contacts(features=rows.values, outcomes=rows.target, treated=treatment.target)
    dealt = _folds(contacts, rows, asked)
    told = trials.tried(contacts, dealt)
    ways = tuple(_way(one, told) for one in told)
    area = _told_treatment(contacts)
    y, w = contacts.outcomes, contacts.treated
    rates = float(y[w == 1].mean()), float(y[w == 0].mean())
    return UpliftReport(
        treatment=asked.treatment,
        treated=treated,
        untreated=untreated,
        outcome=asked.outcome,
        positive=positive,
        rows=rows.of,
        learnt_from=len(y),
        share_treated=float(w.mean()),
        rate_treated=rates[0],
        rate_untreated=rates[1],
        effect=rates[0] - rates[1],
        told_treatment=area[0],
        told_treatment_low=area[1],
        by_time=asked.time is not None,
        trials=len(dealt),
        seeds=1 if asked.time else asked.seeds,
        shares=trials.SHARES,
        grid=tuple(trials.GRID.tolist()),
        ways=ways,
        best=_best(ways),
        leaks=knowing,
        left_out=rows.encoding.left_out,
        missing=rows.encoding.missing,
    )


def _opened(path: Path, asked: UpliftAsked) -> tuple[Table, tuple[str, ...], str, str, str]:
    """Return the table with ``target_`` = outcome + 2 x treatment, its features, and what 1 and 0 stand for."""
    if asked.treatment == asked.outcome:
        raise InvalidError("--treatment and --outcome are the same column")
    if asked.treatment in asked.features:
        raise InvalidError(f"--features: {asked.treatment!r} is the treatment; leave it out")
    if asked.time == asked.treatment:
        raise InvalidError("--time and --treatment are the same column")
    named = (*asked.features, asked.treatment) if asked.features else ()
    table, found = learning.opened(
        path, Asked(target=asked.outcome, time=asked.time, features=named, keep=asked.keep)
    )
    features = tuple(name for name in found if name != asked.treatment)
    if asked.treatment not in table.columns:
        raise InvalidError(f"--treatment: there is no column {asked.treatment!r}")
    if not features:
        raise InvalidError("there is no column beside treatment and outcome to learn from")
    try:
        table, treated, untreated = learning.two_values(table, asked.treatment, asked.treated)
    except InvalidError as error:
        raise InvalidError(str(error).replace("--positive", "--treated")) from error
    table = table.rename(treated_=learning.TARGET)
    table, positive, _ = learning.two_values(table, asked.outcome, asked.positive)
    kinds = table[learning.TARGET] + 2 * table["treated_"]
    return table.mutate(**{learning.TARGET: kinds}), features, treated, untreated, positive


def _of_treatment(rows: Rows) -> tuple[Leak, ...]:
    """Return features that alone tell who was treated: they were filled in by the treatment."""
    return tuple(
        replace(leak, reason="alone it tells who was treated") for leak in leaks.of_classes(rows)
    )


def _folds(contacts: Contacts, rows: Rows, asked: UpliftAsked) -> Sequence[Fold]:
    """Return the halves of each seed, or with a time each later part with all that lies before it."""
    if rows.at is None:
        return trials.halves(contacts, range(asked.seeds))
    block = folds.blocks(rows.at)
    found = [
        (np.flatnonzero(block < number), np.flatnonzero(block == number))
        for number in range(1, int(block.max()) + 1)
    ]
    kinds = contacts.kinds
    good = [fold for fold in found if all(len(np.unique(kinds[part])) == 4 for part in fold)]
    if not good:
        raise InvalidError(
            "--time: in no part of the time were some treated and some not, with and without the outcome: "
            "leave --time out, or use rows of a longer time"
        )
    return good


def _way(one: Tried, all_of_them: Sequence[Tried]) -> Way:
    by_name = {other.name: other for other in all_of_them}
    return Way(
        name=one.name,
        qini=float(one.qini.mean()),
        spread=float(one.qini.std(ddof=1)) if len(one.qini) > 1 else 0.0,
        trials=tuple(one.qini.tolist()),
        uplift=tuple(_mean(column) for column in one.uplift.T),
        curve=tuple(one.curve.tolist()),
        beats_response=trials.wins(one, by_name[_RESPONSE]),
        beats_chance=float(np.mean(one.qini > 0)),
    )


def _mean(values: Numbers) -> float | None:
    return float(values.mean()) if np.isfinite(values).all() else None


def _best(ways: Sequence[Way]) -> str | None:
    """Return the way to use: an uplift model that clearly beats both, else response if it clearly beats chance."""
    models = [way for way in ways if way.name in _MODELS and way.is_better]
    if models:
        return max(models, key=lambda way: way.qini).name
    others = [way for way in ways if way.name == _RESPONSE and way.beats_chance_clearly]
    return others[0].name if others else None


def _told_treatment(contacts: Contacts) -> tuple[float, float]:
    """Return how well half of the rows tell who was treated in the other half, and the lower end of its interval."""
    (learn, other), *_ = trials.halves(contacts, [0])
    model = CLASSIFIERS["logistic regression"](len(learn), 0)
    model.fit(contacts.features[learn], contacts.treated[learn])
    actual = contacts.treated[other]
    area = measures.auc(actual, predicted(model, contacts.features[other]))
    ones = float(actual.sum())
    return area, measures.auc_interval(area, ones, len(actual) - ones)[0]
