"""A simulated world in which people click on offers, and policies that try to earn clicks in it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from analytics.offers.bandit import Arms, Beliefs, Chosen, Floats, Policy

SIZE = 4
FLAT: Floats = np.zeros(SIZE)


@dataclass
class World:
    """Each offer has true weights; ``contexts`` are drawn per person and offer."""

    seed: int
    offers: int = 10
    chance: np.random.Generator = field(init=False)
    truth: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng(self.seed)
        self.truth = self.chance.uniform(-0.1, 0.3, (self.offers, SIZE))
        self.truth[:, 0] = self.chance.uniform(0.02, 0.15, self.offers)

    def somebody(self) -> Floats:
        """Return the context of each offer for the next person."""
        drawn = self.chance.random((self.offers, SIZE))
        drawn[:, 0] = 1.0
        drawn[:, 1:] *= self.chance.random((1, SIZE - 1)) < 0.5
        return drawn

    def rates(self, contexts: Floats) -> Floats:
        """Return how likely each offer is clicked."""
        found: Floats = np.clip(np.einsum("ki,ki->k", contexts, self.truth), 0.0, 1.0)
        return found


type Choose = Callable[[Arms, Beliefs, Floats, np.random.Generator], Chosen]


def thompson(_: Arms, beliefs: Beliefs, contexts: Floats, chance: np.random.Generator) -> Chosen:
    """What we do."""
    mean, deviation = beliefs.told(contexts)
    return Policy().choose(mean, deviation, 1, chance)[0]


def lin_ucb(_: Arms, beliefs: Beliefs, contexts: Floats, __: np.random.Generator) -> Chosen:
    """The offer that could be best."""
    mean, deviation = beliefs.told(contexts)
    return Chosen(int((mean + deviation).argmax()), 1.0)


def at_random(arms: Arms, _: Beliefs, __: Floats, chance: np.random.Generator) -> Chosen:
    """Any offer."""
    offers = len(arms.evidence)
    return Chosen(int(chance.integers(offers)), 1 / offers)


def popular(arms: Arms, _: Beliefs, __: Floats, chance: np.random.Generator) -> Chosen:
    """The offer with the best rate so far, and any other one time in ten: what shops do without a model."""
    offers = len(arms.evidence)
    if chance.random() < 0.1:
        return Chosen(int(chance.integers(offers)), 0.1 / offers)
    # The first feature is always 1, so these are clicks and times shown.
    rate = arms.evidence[:, 0] / arms.precision[:, 0, 0]
    return Chosen(int(rate.argmax()), 0.9)


@dataclass(frozen=True)
class Run:
    """What came of a policy: clicks lost against always knowing the best, and its log."""

    regret: float
    rewards: Floats
    propensities: Floats
    contexts: list[Floats]
    chosen: list[int]


def run(choose: Choose, world: World, rounds: int, *, delay: int = 0) -> Run:
    """Let a policy offer something ``rounds`` times; a click is known ``delay`` rounds later."""
    chance = np.random.default_rng(world.seed + 1_000)
    arms = Arms.fresh(world.offers, FLAT)
    beliefs = Beliefs.of(arms)
    late: deque[tuple[int, Floats, bool]] = deque()
    regret, log = 0.0, Run(0.0, np.zeros(rounds), np.zeros(rounds), [], [])
    for n in range(rounds):
        contexts = world.somebody()
        rates = world.rates(contexts)
        index, propensity = choose(arms, beliefs, contexts, chance)
        clicked = bool(chance.random() < rates[index])
        arms.shown(index, contexts[index])
        beliefs.renewed(index, arms.precision[index], arms.evidence[index])
        late.append((index, contexts[index], clicked))
        if len(late) > delay:
            index_then, context_then, clicked_then = late.popleft()
            if clicked_then:
                arms.clicked(index_then, context_then)
            beliefs.renewed(index_then, arms.precision[index_then], arms.evidence[index_then])
        regret += float(rates.max() - rates[index])
        log.rewards[n], log.propensities[n] = clicked, propensity
        log.contexts.append(contexts)
        log.chosen.append(index)
    return Run(regret, log.rewards, log.propensities, log.contexts, log.chosen)
