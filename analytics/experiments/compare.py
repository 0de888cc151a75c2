"""One arm against another at a size fixed beforehand. Who looks earlier and may stop needs ``sequence`` instead."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from analytics.experiments.samples import Numbers, Sample, check_share


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a variant adds to the control: estimate, standard error, and degrees of freedom (infinite: normal)."""

    estimate: Numbers
    error: Numbers
    freedom: Numbers

    def interval(self, alpha: float = 0.05) -> tuple[Numbers, Numbers]:
        """Return the ends of the interval of level 1 - alpha.

        Raises:
            InvalidError: alpha is not between 0 and 1.
        """
        check_share("alpha", alpha)
        far = t.isf(alpha / 2, self.freedom) * self.error
        return self.estimate - far, self.estimate + far


@dataclass(frozen=True, kw_only=True)
class Test:
    """A test of no difference: the statistic (above 0: the variant is higher) and the two-sided p-value."""

    statistic: Numbers
    p: Numbers


def difference(control: Sample, variant: Sample) -> Effect:
    """Return variant mean - control mean, in units of the outcome.

    The error is sqrt(s1^2 / n1 + s2^2 / n2); amounts have the degrees of freedom of Welch (1947), rates are normal.
    """
    parts = (_share(control), _share(variant))
    return Effect(
        estimate=variant.mean - control.mean,
        error=np.sqrt(parts[0] + parts[1]),
        freedom=_freedom(control, variant, *parts),
    )


def relative(control: Sample, variant: Sample) -> Effect:
    """Return variant mean / control mean - 1, by the delta method; not a number unless the control's mean is above 0.

    Variance: s2^2 / (n2 m1^2) + s1^2 m2^2 / (n1 m1^4) (Deng, Knoblich and Lu 2018; GrowthBook computes the same).
    """
    base = np.where(control.mean > 0, control.mean, np.nan)
    parts = (_share(control), _share(variant))
    variance = parts[1] / base**2 + parts[0] * variant.mean**2 / base**4
    return Effect(
        estimate=variant.mean / base - 1,
        error=np.sqrt(variance),
        freedom=_freedom(control, variant, *parts),
    )


def two_proportions(control: Sample, variant: Sample) -> Test:
    """Return the z test of two rates with the pooled rate in the error (as statsmodels' ``proportions_ztest``)."""
    hits = control.mean * control.size + variant.mean * variant.size
    pooled = hits / (control.size + variant.size)
    error = np.sqrt(pooled * (1 - pooled) * (1 / control.size + 1 / variant.size))
    statistic = _over(variant.mean - control.mean, error)
    return Test(statistic=statistic, p=np.asarray(2 * norm.sf(np.abs(statistic))))


def welch(control: Sample, variant: Sample) -> Test:
    """Return the t test of two means with variances of their own (Welch 1947)."""
    effect = difference(control, variant)
    statistic = _over(effect.estimate, effect.error)
    return Test(statistic=statistic, p=np.asarray(2 * t.sf(np.abs(statistic), effect.freedom)))


def fixed_test(control: Sample, variant: Sample) -> Test:
    """Return the test that fits the outcome: z for rates, Welch's t for amounts."""
    return (two_proportions if control.binary and variant.binary else welch)(control, variant)


def _share(sample: Sample) -> Numbers:
    """Return the variance of the mean; without contacts nothing is known."""
    size = np.asarray(sample.size, float)
    empty = np.full_like(size + sample.variance, np.inf)
    return np.asarray(np.divide(sample.variance, size, out=empty, where=size > 0))


def _freedom(control: Sample, variant: Sample, first: Numbers, second: Numbers) -> Numbers:
    if control.binary and variant.binary:
        return np.full_like(first + second, np.inf)
    less = (np.maximum(control.size - 1, 1), np.maximum(variant.size - 1, 1))
    total = (first + second) ** 2
    return np.divide(
        total,
        first**2 / less[0] + second**2 / less[1],
        out=np.full_like(total, np.inf),
        where=total > 0,
    )


def _over(value: Numbers, error: Numbers) -> Numbers:
    """Return value / error; where nothing varies there is no evidence of anything."""
    return np.divide(value, error, out=np.zeros_like(value + error), where=error > 0)
