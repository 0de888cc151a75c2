"""Ways to choose whom to treat, tried on contacts that none of them has learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from analytics.experiments import qini
from analytics.experiments.samples import Numbers
from analytics.experiments.uplift import LEARNERS, Learner
from desk.errors import InvalidError

SHARES = (0.1, 0.2, 0.3)
GRID = np.linspace(0, 1, 51)
"""Shares of contacts at which curves are told."""

type Fold = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The rows that are learnt from, and those on which it is tried."""


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """Features (a row for each contact), outcomes (0 or 1) and treatments (0 or 1)."""

    features: Numbers
    outcomes: Numbers
    treated: Numbers

    def at(self, rows: NDArray[np.int64]) -> "Contacts":
        """Return some of them."""
        return Contacts(
            features=self.features[rows],
            outcomes=self.outcomes[rows],
            treated=self.treated[rows],
        )

    @property
    def kinds(self) -> Numbers:
        """A number for each of the four kinds: treated or not, with the outcome or not."""
        return self.outcomes + 2 * self.treated


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one way reached in every trial: Qini coefficients, uplift at ``SHARES``, and the mean Qini curve.

    ``uplift`` has a row for each trial; ``curve`` is in outcomes gained per 1,000 contacts, were all treated, at
    ``GRID``.
    """

    name: str
    qini: Numbers
    uplift: Numbers
    curve: Numbers


def halves(contacts: Contacts, seeds: Sequence[int]) -> list[Fold]:
    """Return two folds for each seed: half is learnt from, the other half tried on, and the other way round.

    Raises:
        InvalidError: one of the four kinds of contacts has fewer than two.
    """
    kinds = contacts.kinds
    check_kinds(kinds, 2)
    found: list[Fold] = []
    for seed in seeds:
        dealer = StratifiedKFold(2, shuffle=True, random_state=seed)
        found += [(learn, other) for learn, other in dealer.split(contacts.features, kinds)]
    return found


def check_kinds(kinds: Numbers, fewest: int) -> None:
    """Raise InvalidError unless there are enough contacts of each kind."""
    names = ("not treated, without", "not treated, with", "treated, without", "treated, with")
    for kind, name in enumerate(names):
        count = int((kinds == kind).sum())
        if count < fewest:
            raise InvalidError(
                f"there are {count} contacts {name} the outcome: at least {fewest} of each kind are needed"
            )


def tried(
    contacts: Contacts, folds: Sequence[Fold], learners: Mapping[str, Learner] = LEARNERS
) -> list[Tried]:
    """Train each way on every fold and measure it on the fold's other rows."""
    found = []
    for name, learner in learners.items():
        coefficients, uplifts, curves = [], [], []
        for number, (learn, other) in enumerate(folds):
            past, later = contacts.at(learn), contacts.at(other)
            score = learner(past.features, past.outcomes, past.treated, number)(later.features)
            told = (later.outcomes, score, later.treated)
            coefficients.append(qini.qini_coefficient(*told))
            uplifts.append([qini.uplift_at(*told, share) for share in SHARES])
            curves.append(_shape(qini.qini_curve(*told), float(later.treated.sum())))
        found.append(
            Tried(
                name=name,
                qini=np.array(coefficients),
                uplift=np.array(uplifts),
                curve=np.mean(curves, axis=0),
            )
        )
    return found


def wins(one: Tried, other: Tried) -> float:
    """Return the share of trials in which one has the higher Qini coefficient."""
    return float(np.mean(one.qini > other.qini))


def _shape(curve: qini.Curve, treated: float) -> Numbers:
    at = curve.contacts / curve.contacts[-1]
    return np.interp(GRID, at, curve.gained / treated * 1_000)
