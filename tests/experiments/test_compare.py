"""Fixed tests, sample ratio, Holm and CUPED against published values, statsmodels, scipy and tea-tasting."""

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from scipy.stats import ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from analytics.experiments import compare, covariates, ratio, samples, several
from desk.errors import InvalidError
from tests.experiments import published


@pytest.mark.parametrize(("counts", "p"), published.SAMPLE_RATIOS)
def test_sample_ratio(counts: tuple[int, int], p: float) -> None:
    found = ratio.ratio_p(counts, (1, 1))
    assert found == pytest.approx(p, rel=1e-4)
    assert not ratio.is_sound(found)


def test_sample_ratio_with_shares() -> None:
    assert ratio.ratio_p((9_000, 1_000), (9, 1)) == pytest.approx(1)
    assert ratio.is_sound(ratio.ratio_p((9_050, 950), (9, 1)))
    assert not ratio.is_sound(ratio.ratio_p((9_150, 850), (0.9, 0.1)))
    for counts, shares in (((1,), (1,)), ((1, 2), (1, 0)), ((0, 0), (1, 1))):
        with pytest.raises(InvalidError):
            ratio.ratio_p(counts, shares)


def test_two_proportions() -> None:
    first, second, z, p = published.TWO_PROPORTIONS
    # They subtract the second from the first, we the control from the variant.
    found = compare.two_proportions(samples.counted(*second), samples.counted(*first))
    assert float(found.statistic) == pytest.approx(z, abs=1e-9)
    assert float(found.p) == pytest.approx(p, abs=1e-9)


def test_rates_as_statsmodels() -> None:
    hits, sizes = np.array([40, 330, 1]), np.array([400, 1100, 90])
    others, totals = np.array([61, 300, 4]), np.array([420, 1000, 80])
    control, variant = samples.counted(hits, sizes), samples.counted(others, totals)
    found = compare.fixed_test(control, variant)
    low, high = compare.difference(control, variant).interval(0.1)
    for n in range(3):
        z, p = proportions_ztest([others[n], hits[n]], [totals[n], sizes[n]])
        assert (found.statistic[n], found.p[n]) == pytest.approx((z, p))
        wanted = confint_proportions_2indep(
            others[n], totals[n], hits[n], sizes[n], method="wald", alpha=0.1
        )
        assert (low[n], high[n]) == pytest.approx(wanted)


def test_means_as_scipy() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.gamma(2, 3, 40), chance.gamma(2, 4, 25) + 1e6
    wanted = ttest_ind(second, first + 1e6, equal_var=False)
    control, variant = samples.measured(first + 1e6), samples.measured(second)
    found = compare.fixed_test(control, variant)
    assert float(found.statistic) == pytest.approx(wanted.statistic)
    assert float(found.p) == pytest.approx(wanted.pvalue)
    ends = wanted.confidence_interval(0.9)
    assert compare.difference(control, variant).interval(0.1) == pytest.approx(
        (ends.low, ends.high)
    )


def test_relative_lift_as_growthbook() -> None:
    first, second, lift, error, _ = published.GROWTHBOOK_RATES
    found = compare.relative(samples.counted(*first), samples.counted(*second))
    assert float(found.estimate) == pytest.approx(lift, abs=1e-5)
    assert float(found.error) == pytest.approx(error, abs=1e-5)
    assert found.interval() == pytest.approx(published.GROWTHBOOK_FIXED, abs=5e-5)
    nothing = compare.relative(samples.counted(0, 10), samples.counted(1, 10))
    assert np.isnan(nothing.estimate)


def test_sums_are_as_good_as_values() -> None:
    values = np.random.default_rng(4).normal(50, 9, 300)
    one, other = samples.measured(values), samples.summed(300, values.sum(), (values**2).sum())
    assert float(other.mean) == pytest.approx(float(one.mean))
    assert float(other.variance) == pytest.approx(float(one.variance))
    with pytest.raises(InvalidError):
        samples.counted(3, 2)
    with pytest.raises(InvalidError):
        samples.measured([1.0, float("nan")])


def test_holm_as_statsmodels() -> None:
    p = [0.01, 0.04, 0.03, 0.005, 0.9, 0.03]
    assert several.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert several.bonferroni(0.05, 2) == 0.025


@pytest.fixture(scope="module")
def bought() -> dict[str, np.ndarray]:
    """Return an experiment whose outcome depends much on what was known before."""
    chance = np.random.default_rng(2)
    arm, before, visits = (
        chance.integers(0, 2, 3000),
        chance.gamma(2, 10, 3000),
        chance.poisson(3, 3000),
    )
    spent = 0.7 * before + 2 * visits + chance.normal(0, 5, 3000) + 0.6 * arm
    return {"variant": arm, "spent": spent, "before": before, "visits": visits.astype(float)}


def test_means_and_cuped_as_tea_tasting(bought: dict[str, np.ndarray]) -> None:
    told = tt.Experiment(
        plain=tt.Mean("spent"), cuped=tt.Mean("spent", covariate="before")
    ).analyze(pa.table(bought))
    adjusted = covariates.adjust(bought["spent"], bought["before"])
    for name, values in (("plain", bought["spent"]), ("cuped", adjusted.outcomes)):
        arms = [samples.measured(values[bought["variant"] == arm]) for arm in (0, 1)]
        effect, wanted = compare.difference(*arms), told[name]
        assert float(effect.estimate) == pytest.approx(wanted.effect_size)
        ends = (wanted.effect_size_ci_lower, wanted.effect_size_ci_upper)
        assert effect.interval() == pytest.approx(ends)
        assert float(compare.welch(*arms).p) == pytest.approx(wanted.pvalue)


def test_cuped_takes_off_what_was_known(bought: dict[str, np.ndarray]) -> None:
    y, x = bought["spent"], bought["before"]
    one = covariates.adjust(y, x)
    assert one.theta == pytest.approx([np.cov(y, x)[0, 1] / np.var(x, ddof=1)])
    assert one.reduction == pytest.approx(np.corrcoef(y, x)[0, 1] ** 2)
    assert one.outcomes.mean() == pytest.approx(y.mean())
    both = np.column_stack([x, bought["visits"]])
    more = covariates.adjust(y, both)
    wanted = sm.OLS(y, sm.add_constant(both)).fit()
    assert more.theta == pytest.approx(wanted.params[1:])
    assert more.reduction == pytest.approx(wanted.rsquared)
    assert more.reduction > one.reduction + 0.05


def test_cuped_without_earlier_behaviour(bought: dict[str, np.ndarray]) -> None:
    y, x = bought["spent"], bought["before"].copy()
    x[::4] = np.nan
    assert (
        0.1 < covariates.adjust(y, x).reduction < covariates.adjust(y, bought["before"]).reduction
    )
    assert covariates.adjust(y, np.ones_like(y)).reduction == pytest.approx(0)
    for before in (np.full_like(y, np.nan), y[:-1]):
        with pytest.raises(InvalidError):
            covariates.adjust(y, before)
