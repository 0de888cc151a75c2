"""What customers will be worth: purchases to come times money at each, discounted; the rule of thumb beside it."""

from dataclasses import dataclass

import numpy as np

from analytics.insight import purchases
from analytics.insight.purchases import Column, History, PurchaseModel
from analytics.insight.spending import SpendingModel
from desk.errors import InvalidError

_DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What value means here. ``horizon`` and ``step`` are in the data's unit of time.

    ``discount`` is for one step (0.01 takes one per cent off each), ``margin`` the share of revenue that stays.
    """

    horizon: float
    step: float
    discount: float = 0.0
    margin: float = 1.0

    def __post_init__(self) -> None:
        """Raise InvalidError for terms that make no sense."""
        if not (self.horizon > 0 and self.step > 0):
            raise InvalidError("horizon and step must be above 0")
        if not (self.discount > -1 and 0 < self.margin <= 1):
            raise InvalidError("a discount is above -1, a margin above 0 and at most 1")


def lifetime_value(
    model: PurchaseModel,
    spending: SpendingModel,
    terms: Terms,
    *,
    frequency: Column,
    recency: Column,
    age: Column,
    mean: Column,
) -> Column:
    """Return the money expected of each customer within the horizon.

    The purchases of each step, E[Y(t)] - E[Y(t - step)], times what is spent at one, over (1 + discount)^step number
    (Fader, Hardie and Lee 2005, RFM and CLV, section 2). The last step may be shorter.

    Raises:
        InvalidError: the models do not fit these purchases: a value would be no number.
    """
    ends = np.append(np.arange(terms.step, terms.horizon, terms.step), terms.horizon)
    total, before = np.zeros(len(frequency)), np.zeros(len(frequency))
    for number, end in enumerate(ends, 1):
        until = model.expected_more(end, frequency, recency, age)
        total += (until - before) / (1 + terms.discount) ** number
        before = until
    value = total * spending.expected(frequency, mean) * terms.margin
    if not np.isfinite(value).all():
        raise InvalidError("the models of purchases and spending do not fit these customers")
    return value


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with the ends between which it lies with the chance ``level``."""

    value: float
    low: float
    high: float
    level: float


def total_purchases(
    model: PurchaseModel,
    history: History,
    duration: float,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the purchases expected of all customers together, with what the estimate leaves open.

    The interval has the uncertainty of the parameters and the chance of the count itself (Poisson about its mean). It
    says how sure the figure is if the model holds, and not whether it does: on CDNOW 1,882 were bought, above it.
    """

    def total(of: PurchaseModel) -> float:
        more = of.expected_more(duration, history.frequency, history.recency, history.age)
        return float(history.count @ more)

    chance = np.random.default_rng(seed)
    means = np.array([total(one) for one in purchases.draws(history, model, _DRAWS, seed)])
    counts = chance.poisson(np.repeat(means[np.isfinite(means)], 20))
    low, high = np.quantile(counts, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value=total(model), low=float(low), high=float(high), level=level)


def simple_value(revenue: Column, periods: Column, churn: float, margin: float = 1.0) -> Column:
    """Return value by the rule of thumb: revenue a period x margin x lifetime, the lifetime being 1 / churn.

    ``revenue`` is what each customer has spent in ``periods`` periods; ``churn`` the share of customers lost in one.

    Raises:
        InvalidError: the churn is not above 0 and at most 1, or a customer was here for no time.
    """
    if not 0 < churn <= 1:
        raise InvalidError("churn is a share above 0 and at most 1")
    if (np.asarray(periods) <= 0).any():
        raise InvalidError("every customer needs a time above 0")
    return np.asarray(revenue) / np.asarray(periods) * margin / churn
