"""Whom a treatment changes: two ways to learn it, and what is no such way but is often taken for one.

Treatment must have been by chance; with a propensity p that is known (the share treated).
"""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analytics.experiments.samples import Numbers
from desk.errors import InvalidError

type Scorer = Callable[[Numbers], Numbers]
"""Scores rows of features, the most promising highest."""
type Learner = Callable[[Numbers, Numbers, Numbers, int], Scorer]
"""Learns from features (a row for each contact), outcomes (0 or 1), treatments (0 or 1) and a seed."""

_PARTS = 3
_PENALTIES = tuple(10.0**power for power in range(-1, 6))


def two_models(features: Numbers, outcomes: Numbers, treated: Numbers, seed: int) -> Scorer:
    """Learn the chance of the outcome with and without treatment apart; the score is the difference (T-learner).

    Künzel, Sekhon, Bickel and Yu (2019); both are logistic regressions.
    """
    first, second = (_chance(features[treated == arm], outcomes[treated == arm]) for arm in (1, 0))
    return lambda rows: first(rows) - second(rows)


def transformed_outcome(
    features: Numbers, outcomes: Numbers, treated: Numbers, seed: int
) -> Scorer:
    """Learn z = (y - m(x)) (w - p) / (p (1 - p)), whose mean for given features is the uplift itself.

    The transformation is that of Athey and Imbens (2016; with p = 1/2 and m = 0 the class transformation of Jaskowski
    and Jaroszewicz 2012). As Robins did, the chance m(x) of the outcome is taken off first, which moves no mean but
    takes out most of the noise; it is learnt from other rows than those it is taken off (cross-fitting). z is told by
    a linear regression whose penalty leave-one-out chooses.
    """
    share = float(treated.mean())
    if not 0 < share < 1:
        raise InvalidError("some contacts must be treated (1) and some not (0)")
    common = _cross_fitted(features, outcomes, treated, seed)
    z = (outcomes - common) * (treated - share) / (share * (1 - share))
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=_PENALTIES)).fit(features, z)
    return lambda rows: np.asarray(model.predict(rows), float)


def response_only(features: Numbers, outcomes: Numbers, treated: Numbers, seed: int) -> Scorer:
    """Learn who has the outcome when treated: it finds those as well who would have come anyway."""
    return _chance(features[treated == 1], outcomes[treated == 1])


def by_chance(features: Numbers, outcomes: Numbers, treated: Numbers, seed: int) -> Scorer:
    """Score at random."""
    return lambda rows: np.random.default_rng(seed).random(len(rows))


LEARNERS: Mapping[str, Learner] = {
    "two models": two_models,
    "transformed outcome": transformed_outcome,
    "response only": response_only,
    "at random": by_chance,
}
"""The first two learn uplift; the others are there to be beaten."""


def _chance(features: Numbers, outcomes: Numbers) -> Scorer:
    if not len(outcomes) or outcomes.min() == outcomes.max():
        rate = float(outcomes.mean()) if len(outcomes) else 0.0
        return lambda rows: np.full(len(rows), rate)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    model.fit(features, outcomes)
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1], float)


def _cross_fitted(features: Numbers, outcomes: Numbers, treated: Numbers, seed: int) -> Numbers:
    """Return the chance of the outcome for each row, told by a model that has not seen it."""
    kinds = outcomes + 2 * treated
    rarest = int(np.unique(kinds, return_counts=True)[1].min())
    if rarest < _PARTS:
        return np.full(len(outcomes), outcomes.mean())
    found = np.empty(len(outcomes))
    dealer = StratifiedKFold(_PARTS, shuffle=True, random_state=seed)
    for learn, other in dealer.split(features, kinds):
        found[other] = _chance(features[learn], outcomes[learn])(features[other])
    return found
