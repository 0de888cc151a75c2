"""The bandit: its sums, its chances, what it learns in a simulated world, and estimates from its log."""

import numpy as np
import pytest

from analytics.offers import bandit
from analytics.offers.bandit import Arms, Beliefs, Floats, Policy
from analytics.offers.estimate import estimate
from desk.errors import InvalidError
from tests.offers.worlds import World, at_random, popular, run, thompson

SEEDS = (1, 2, 3)
ROUNDS = 3_000


def test_beliefs_are_those_of_a_regression_with_a_prior() -> None:
    chance = np.random.default_rng(0)
    contexts = chance.random((200, bandit.SIZE))
    clicks = chance.random(200) < 0.3
    arms = Arms.fresh(2)
    for context, clicked in zip(contexts, clicks, strict=True):
        arms.shown(1, context)
        if clicked:
            arms.clicked(1, context)
    # Ridge regression of clicks on contexts, drawn towards the prior, by least squares on rows added for it.
    rows = np.vstack([contexts, np.eye(bandit.SIZE) * np.sqrt(bandit.WORTH)])
    aims = np.concatenate([clicks, bandit.PRIOR * np.sqrt(bandit.WORTH)])
    expected, *_ = np.linalg.lstsq(rows, aims)
    found = Beliefs.of(arms)
    assert np.allclose(found.weights[1], expected)
    assert np.allclose(found.weights[0], bandit.PRIOR)
    mean, deviation = found.told(np.vstack([contexts[0], contexts[0]]))
    assert np.isclose(mean[1], expected @ contexts[0])
    assert deviation[1] < deviation[0]


def test_one_offer_renewed_is_as_all_worked_out_anew() -> None:
    arms = Arms.fresh(3)
    beliefs = Beliefs.of(arms)
    arms.shown(2, np.full(bandit.SIZE, 0.5))
    arms.clicked(2, np.full(bandit.SIZE, 0.5))
    beliefs.renewed(2, arms.precision[2], arms.evidence[2])
    anew = Beliefs.of(arms)
    assert np.allclose(beliefs.weights, anew.weights)
    assert np.allclose(beliefs.spread, anew.spread)


def test_the_order_of_late_clicks_does_not_matter() -> None:
    contexts = np.random.default_rng(1).random((2, bandit.SIZE))
    one, two = Arms.fresh(1), Arms.fresh(1)
    one.shown(0, contexts[0])
    one.clicked(0, contexts[0])
    one.shown(0, contexts[1])
    two.shown(0, contexts[0])
    two.shown(0, contexts[1])
    two.clicked(0, contexts[0])
    assert np.allclose(one.precision, two.precision)
    assert np.allclose(one.evidence, two.evidence)


def test_propensities_are_how_often_an_offer_is_chosen() -> None:
    mean, deviation = np.array([0.2, 0.25, 0.1]), np.array([0.05, 0.05, 0.05])
    policy, chance = Policy(draws=50), np.random.default_rng(5)
    times = 6_000
    counts, told = np.zeros(3), np.zeros(3)
    for _ in range(times):
        (chosen,) = policy.choose(mean, deviation, 1, chance)
        counts[chosen.place] += 1
        # Over many rounds, the mean of 1/propensity of what was chosen is 1 for each offer that always had a chance.
        told[chosen.place] += 1 / chosen.propensity
    assert counts[1] > counts[0] > counts[2] > 0
    assert np.allclose(told / times, 1.0, atol=0.25)


def test_a_list_has_no_offer_twice_and_every_offer_a_chance() -> None:
    chance = np.random.default_rng(3)
    mean, deviation = np.linspace(0, 1, 60), np.zeros(60)
    seen = set()
    for _ in range(400):
        chosen = Policy().choose(mean, deviation, 3, chance)
        assert len({one.place for one in chosen}) == 3
        assert all(0 < one.propensity <= 1 for one in chosen)
        seen |= {one.place for one in chosen}
    assert seen == set(range(10, 60))  # the shortlist of 50
    assert Policy().choose(mean[:0], deviation[:0], 3, chance) == []
    assert len(Policy().choose(mean[:2], deviation[:2], 3, chance)) == 2


def test_the_same_seed_chooses_the_same() -> None:
    mean, deviation = np.full(20, 0.1), np.full(20, 0.1)
    lists = [Policy().choose(mean, deviation, 5, np.random.default_rng(s)) for s in (1, 1, 2)]
    assert lists[0] == lists[1] != lists[2]


@pytest.mark.parametrize("delay", [0, 100])
def test_it_learns_whom_to_offer_what(delay: int) -> None:
    regrets = {
        policy.__name__: [run(policy, World(seed), ROUNDS, delay=delay).regret for seed in SEEDS]
        for policy in (thompson, popular, at_random)
    }
    ours = np.array(regrets["thompson"])
    assert (ours < 0.7 * np.array(regrets["at_random"])).all(), regrets
    assert (ours < 0.8 * np.array(regrets["popular"])).all(), regrets


def _best_of(world: World, contexts: list[Floats]) -> list[int]:
    return [int(world.rates(each).argmax()) for each in contexts]


def test_estimates_from_a_random_log_bracket_what_a_policy_earns() -> None:
    struck = 0
    for seed in range(6):
        world = World(seed)
        log = run(at_random, world, 4_000)
        best = _best_of(world, log.contexts)
        target = np.array([float(a == b) for a, b in zip(log.chosen, best, strict=True)])
        value = float(np.mean([world.rates(c).max() for c in log.contexts]))
        found = estimate(log.rewards, log.propensities, target, seed=seed)
        struck += found.snips_low <= value <= found.snips_high
        struck += found.ips_low <= value <= found.ips_high
        # The naive mean of the log is what the random policy earned, far below.
        assert log.rewards.mean() < 0.8 * value
    assert struck >= 10  # of 12 intervals at 95%


def test_estimates_from_our_own_log_tell_what_random_would_earn() -> None:
    world = World(11)
    log = run(thompson, world, 4_000)
    target = np.full(len(log.rewards), 1 / world.offers)
    value = float(np.mean([world.rates(c).mean() for c in log.contexts]))
    found = estimate(log.rewards, log.propensities, target)
    assert found.snips_low <= value <= found.snips_high
    assert log.rewards.mean() > 1.2 * value
    assert found.effective < found.rows


def test_an_estimate_needs_a_log_with_chances() -> None:
    with pytest.raises(InvalidError, match="nothing was shown"):
        estimate(np.zeros(0), np.zeros(0), np.zeros(0))
    with pytest.raises(InvalidError, match="without its chance"):
        estimate(np.ones(1), np.zeros(1), np.ones(1))


def test_what_is_stored_comes_back() -> None:
    arms = Arms.fresh(1)
    arms.shown(0, np.linspace(0, 1, bandit.SIZE))
    stored = bandit.packed(arms.precision[0]), bandit.packed(arms.evidence[0])
    square, vector = bandit.unpacked(*stored)
    assert np.array_equal(square, arms.precision[0])
    assert np.array_equal(vector, arms.evidence[0])
    with pytest.raises(InvalidError, match="6 features"):
        bandit.unpacked(stored[0][:-8], stored[1])
