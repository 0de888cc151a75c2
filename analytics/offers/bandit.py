"""A bandit that learns from clicks: linear Thompson sampling, one model for each offer.

Each offer has a Bayesian linear regression of "clicked" (0 or 1) on ``FEATURES``; what it has seen is in two sums,
``precision`` (features x features) and ``evidence`` (features), so a click that comes late is one addition.
Agrawal and Goyal, "Thompson sampling for contextual bandits with linear payoffs", 2013. Thompson and not LinUCB, which
loses fewer clicks in our simulation (bench/offers.py): LinUCB draws no lots, so nothing could be told from its log
about what other offers would have earned. Both lose far less than popularity or chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desk.errors import InvalidError

type Floats = NDArray[np.float64]

FEATURES = ("constant", "content", "collaborative", "popular", "owned", "regular")
"""What is known of an offer and a person together; each in 0 to 1."""
SIZE = len(FEATURES)
PRIOR: Floats = np.array([0.04, 0.40, 0.30, 0.10, -0.20, 0.0])
"""What is believed before any click: what resembles somebody's purchases is clicked more, what they own less."""
WORTH = 4.0
"""How many times shown the prior is worth."""
NOISE = 0.3
"""Deviation of a single click: that of a coin which falls on its edge one time in ten."""
_STORED = "<f8"


class Chosen(NamedTuple):
    """An offer's place in the list, and the chance with which it was chosen given those before it."""

    place: int
    propensity: float


@dataclass(frozen=True)
class Arms:
    """What is known of some offers: ``precision`` (offers, features, features), ``evidence`` (offers, features)."""

    precision: Floats
    evidence: Floats

    @classmethod
    def fresh(cls, count: int, prior: Floats = PRIOR) -> "Arms":
        """Return offers of which nothing has been seen."""
        identity = np.eye(len(prior)) * WORTH
        return cls(np.tile(identity, (count, 1, 1)), np.tile(prior * WORTH, (count, 1)))

    def shown(self, index: int, context: Floats) -> None:
        """Count an offer as shown and not clicked, as far as is known yet."""
        self.precision[index] += np.outer(context, context)

    def clicked(self, index: int, context: Floats) -> None:
        """Learn that what was shown with this context was clicked."""
        self.evidence[index] += context


@dataclass(frozen=True)
class Beliefs:
    """What follows from arms: the weights (offers, features) and how sure they are (offers, features, features)."""

    weights: Floats
    spread: Floats

    @classmethod
    def of(cls, arms: Arms) -> "Beliefs":
        """Work them out; the costly part, done when arms have changed."""
        spread = np.linalg.inv(arms.precision)
        return cls(np.einsum("kij,kj->ki", spread, arms.evidence), spread)

    def renewed(self, index: int, precision: Floats, evidence: Floats) -> None:
        """Take one offer's sums as they are now."""
        self.spread[index] = np.linalg.inv(precision)
        self.weights[index] = self.spread[index] @ evidence

    def told(self, contexts: Floats) -> tuple[Floats, Floats]:
        """Return the chance of a click that is expected for each offer's context, and its deviation."""
        mean = np.einsum("ki,ki->k", self.weights, contexts)
        variance = np.einsum("ki,kij,kj->k", contexts, self.spread, contexts)
        return mean, NOISE * np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How offers are chosen: among ``shortlist`` that could be best, by ``draws`` samples, ``explore`` at random."""

    shortlist: int = 50
    draws: int = 200
    explore: float = 0.05

    def choose(
        self, mean: Floats, deviation: Floats, count: int, chance: np.random.Generator
    ) -> list[Chosen]:
        """Return up to ``count`` different offers, each with its propensity.

        How often an offer is the best of the samples is first counted and then is the distribution that the choice is
        drawn from; so the propensity is exact for what was done, not an estimate of it.
        """
        likely = np.argsort(-(mean + deviation), kind="stable")[: self.shortlist]
        size = len(likely)
        if not size:
            return []
        sampled = mean[likely] + deviation[likely] * chance.standard_normal((self.draws, size))
        wins = np.bincount(sampled.argmax(axis=1), minlength=size) / self.draws
        shares = (1 - self.explore) * wins + self.explore / size
        chosen = []
        for _ in range(min(count, size)):
            shares = shares / shares.sum()
            place = int(chance.choice(size, p=shares))
            chosen.append(Chosen(int(likely[place]), float(shares[place])))
            shares[place] = 0.0
        return chosen


def packed(values: Floats) -> bytes:
    """Return numbers as they are stored: float64, little-endian."""
    return values.astype(_STORED).tobytes()


def unpacked(precision: bytes, evidence: bytes, size: int = SIZE) -> tuple[Floats, Floats]:
    """Return an offer's sums from how they are stored.

    Raises:
        InvalidError: they are of another number of features.
    """
    if len(evidence) != size * 8 or len(precision) != size * size * 8:
        raise InvalidError(f"what was learnt of an offer is not of {size} features")
    square = np.frombuffer(precision, _STORED).reshape(size, size).astype(np.float64)
    return square, np.frombuffer(evidence, _STORED).astype(np.float64)


def context(values: Sequence[float]) -> Floats:
    """Return a stored context as numbers."""
    return np.asarray(values, np.float64)
