"""Looking all the time: false winners and power, simulated by the thousand at once."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from analytics.experiments import compare, plan, samples, sequence
from analytics.experiments.plan import Aim
from analytics.experiments.samples import Sample
from analytics.experiments.winner import Rule, Verdict, decide
from tests.experiments.published import PER_ARM

RUNS, MANY, EVERY = 2_000, 10_000, 100


def rates(
    chance: np.random.Generator, wanted: tuple[float, ...], looks: int, runs: int = RUNS
) -> list[Sample]:
    """Return samples of arms at every look (a row for each run): each 100 contacts fall to arms by chance."""
    shape = (runs, looks)
    sizes = chance.multinomial(EVERY, [1 / len(wanted)] * len(wanted), shape)
    told = []
    for arm, rate in enumerate(wanted):
        hits = chance.binomial(sizes[..., arm], rate)
        told.append(samples.counted(hits.cumsum(axis=1), sizes[..., arm].cumsum(axis=1)))
    return told


def amounts(chance: np.random.Generator, looks: int) -> list[Sample]:
    """Return two arms of skewed amounts, most of them 0, as purchases are."""
    shape = (RUNS, looks, EVERY // 2)
    told = []
    for _ in range(2):
        spent = chance.lognormal(3, 1, shape) * (chance.random(shape) < 0.3)
        sums = [column.sum(axis=2).cumsum(axis=1) for column in (spent, spent**2)]
        size = np.broadcast_to(np.arange(1, looks + 1) * EVERY // 2, (RUNS, looks))
        told.append(samples.summed(size, *sums))
    return told


def proved(
    arms: list[Sample], *, alpha: float = 0.05, tuned_at: float = sequence.TUNED_AT
) -> float:
    """Return the share of runs in which at some look some interval leaves 0."""
    found = np.zeros(len(arms[0].size), bool)
    for variant in arms[1:]:
        effect = compare.difference(arms[0], variant)
        low, high = sequence.interval(
            effect.estimate,
            effect.error,
            arms[0].size + variant.size,
            alpha=alpha / (len(arms) - 1),
            tuned_at=tuned_at,
        )
        found |= ((low > 0) | (high < 0)).any(axis=1)
    return float(found.mean())


def proved_by_z(arms: list[Sample]) -> float:
    """Return the same for an ordinary test at every look."""
    p = compare.fixed_test(arms[0], arms[1]).p
    return float((p < 0.05).any(axis=1).mean())


@pytest.mark.parametrize("rate", [0.2, 0.02, 0.5])
@pytest.mark.parametrize("tuned_at", [sequence.TUNED_AT, 1_000])
def test_no_false_winners(rate: float, tuned_at: float) -> None:
    arms = rates(np.random.default_rng(11), (rate, rate), 100)
    assert proved(arms, tuned_at=tuned_at) <= 0.05


def test_no_false_winners_of_several() -> None:
    assert proved(rates(np.random.default_rng(12), (0.2, 0.2, 0.2, 0.2), 80)) <= 0.05


def test_no_false_winners_of_skewed_amounts() -> None:
    assert proved(amounts(np.random.default_rng(13), 30)) <= 0.05


def test_peeking_at_an_ordinary_test_fails_this_check() -> None:
    arms = rates(np.random.default_rng(11), (0.2, 0.2), 100)
    assert proved_by_z(arms) > 0.3
    # Looked at once at the end it keeps its word: it is the looking that breaks it.
    once = [
        replace(arm, size=arm.size[:, -1:], mean=arm.mean[:, -1:], variance=arm.variance[:, -1:])
        for arm in arms
    ]
    assert proved_by_z(once) == pytest.approx(0.05, abs=0.015)


def test_power_at_the_planned_size() -> None:
    per_arm = plan.per_arm_for_rates(0.2, 0.05, Aim(any_look=True))
    arms = rates(np.random.default_rng(14), (0.2, 0.25), 2 * per_arm // EVERY, MANY)
    # The size is enough, and not much larger than it must be.
    assert 0.8 <= proved(arms, tuned_at=2 * per_arm) < 0.85
    assert proved(arms) >= 0.8
    short = rates(np.random.default_rng(14), (0.2, 0.25), 2 * PER_ARM // EVERY, MANY)
    assert proved(short, tuned_at=2 * PER_ARM) < 0.6


def test_power_with_three_arms() -> None:
    aim = Aim(comparisons=2, any_look=True)
    per_arm = plan.per_arm_for_rates(0.2, 0.05, aim)
    arms = rates(np.random.default_rng(15), (0.2, 0.2, 0.25), 3 * per_arm // EVERY, MANY)
    better = [arms[0], arms[2]]
    assert 0.8 <= proved(better, alpha=aim.each, tuned_at=2 * per_arm) < 0.85


def test_the_one_look_size_has_its_power() -> None:
    chance = np.random.default_rng(16)
    hits = [chance.binomial(PER_ARM, rate, RUNS) for rate in (0.2, 0.25)]
    found = compare.two_proportions(*(samples.counted(one, PER_ARM) for one in hits))
    assert (found.p < 0.05).mean() == pytest.approx(0.8, abs=0.03)
    assert norm.isf(0.025) == pytest.approx(1.96, abs=1e-3)


def test_the_rule_says_the_same_as_the_simulation() -> None:
    """What is counted above are the verdicts of the rule itself, look by look."""
    arms = rates(np.random.default_rng(17), (0.2, 0.26), 30)
    effect = compare.difference(*arms)
    low, high = sequence.interval(effect.estimate, effect.error, arms[0].size + arms[1].size)
    told = {Verdict.WINNER: 0, Verdict.CONTROL: 0, Verdict.GO_ON: 0}
    for run in range(12):
        for look in range(30):
            now = [
                Sample(
                    size=arm.size[run, look],
                    mean=arm.mean[run, look],
                    variance=arm.variance[run, look],
                    binary=True,
                )
                for arm in arms
            ]
            found = decide("a", now[0], {"b": now[1]}, ratio_p=1.0, rule=Rule())
            wanted = (
                Verdict.WINNER
                if low[run, look] > 0
                else Verdict.CONTROL
                if high[run, look] < 0
                else Verdict.GO_ON
            )
            assert found.verdict is wanted
            told[wanted] += 1
    assert told[Verdict.WINNER] > 10
    assert told[Verdict.GO_ON] > 10
