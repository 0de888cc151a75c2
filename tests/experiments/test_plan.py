"""How many contacts: Evan Miller's figure, statsmodels' formulas, and the price of looking at any time."""

from collections.abc import Callable

import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

from analytics.experiments import plan
from analytics.experiments.plan import Aim
from desk.errors import InvalidError
from tests.experiments.published import PER_ARM

ANY = Aim(any_look=True)


def test_published() -> None:
    assert plan.per_arm_for_rates(0.2, 0.05) == PER_ARM


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize(("base", "change"), [(0.2, 0.05), (0.02, 0.004), (0.5, -0.1)])
def test_rates_are_close_to_statsmodels(base: float, change: float, alpha: float) -> None:
    # It takes the mean of both rates for no effect, the calculator the base: a few percent apart.
    other = samplesize_proportions_2indep_onetail(change, base, power=0.8, alpha=alpha)
    found = plan.per_arm_for_rates(base, change, Aim(alpha=alpha))
    assert found == pytest.approx(other, rel=0.08)


@pytest.mark.parametrize("power", [0.8, 0.95])
def test_means_as_statsmodels(power: float) -> None:
    other = NormalIndPower().solve_power(effect_size=3 / 20, alpha=0.05, power=power)
    assert plan.per_arm_for_means(20, 3, Aim(power=power)) == pytest.approx(other, abs=1)


@pytest.mark.parametrize("aim", [Aim(comparisons=3), ANY])
def test_smallest_changes_are_the_way_back(aim: Aim) -> None:
    for base, change in ((0.2, 0.05), (0.03, 0.01)):
        per_arm = plan.per_arm_for_rates(base, change, aim)
        back = plan.smallest_change_in_rate(base, per_arm, aim)
        assert back == pytest.approx(change, rel=0.001)
    per_arm = plan.per_arm_for_means(20, 3, aim)
    assert plan.smallest_change_in_mean(20, per_arm, aim) == pytest.approx(3, rel=0.002)
    assert plan.smallest_change_in_rate(0.5, 4, aim) is None


def test_more_comparisons_need_more() -> None:
    two = plan.per_arm_for_rates(0.2, 0.05, Aim(comparisons=2))
    assert two == plan.per_arm_for_rates(0.2, 0.05, Aim(alpha=0.025))
    sizes = [plan.per_arm_for_means(20, 3, Aim(comparisons=count)) for count in (1, 2, 4)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_price_of_looking_at_any_time() -> None:
    # More looks find an effect earlier, a lower alpha pays less for them; the power is simulated in test_peeking.
    assert plan.always_valid_factor() == pytest.approx(1.8265, abs=0.005)
    assert plan.always_valid_factor(looks=60) < plan.always_valid_factor(looks=4)
    assert plan.always_valid_factor(0.01) < plan.always_valid_factor(0.05)
    more = plan.per_arm_for_means(20, 1, ANY) / plan.per_arm_for_means(20, 1)
    assert more == pytest.approx(1.8265, abs=0.005)
    assert 1.9 * PER_ARM < plan.per_arm_for_rates(0.2, 0.05, ANY) < 2 * PER_ARM


def test_arms_of_different_size() -> None:
    assert plan.audience(1030, (0.5, 0.5)) == 2060
    assert plan.audience(1030, (0.45, 0.45)) == pytest.approx(2060 / 0.9, abs=1)
    # 1 to 9 says 36% of what as many in halves say.
    assert plan.audience(1000, (0.9, 0.1)) == pytest.approx(2000 / 0.36, abs=1)
    assert plan.audience(1000, (1 / 3, 1 / 3, 1 / 3)) == 3000


@pytest.mark.parametrize(
    "call",
    [
        lambda: plan.per_arm_for_rates(0.0, 0.05),
        lambda: plan.per_arm_for_rates(0.9, 0.1),
        lambda: plan.per_arm_for_rates(0.2, 0.0),
        lambda: Aim(alpha=0),
        lambda: Aim(power=1),
        lambda: Aim(comparisons=0),
        lambda: plan.per_arm_for_means(0, 1),
        lambda: plan.per_arm_for_means(1, 0),
        lambda: plan.smallest_change_in_rate(1.0, 100),
        lambda: plan.audience(100, (1.0,)),
        lambda: plan.audience(100, (0.8, 0.3)),
    ],
)
def test_refused(call: Callable[[], object]) -> None:
    with pytest.raises(InvalidError):
        call()
