"""What all customers together will buy and spend, how sure that is, if it came true before, and the rule of thumb.

The interval: parameters are drawn from the normal distribution about their maximum whose covariance is the inverse
Hessian of the likelihood (large-sample theory; Greene 2012, Econometric Analysis, section 14.4), and purchases and the
money of each from the models themselves. It says how sure a figure is if the models hold, and not whether they do.
"""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import ibis
import numpy as np
from ibis.expr.types import Table

from analytics.insight import histories, purchases, spending
from analytics.insight.histories import Unit
from analytics.insight.purchases import Column, History, PurchaseModel
from analytics.insight.quality import Interval, Simple, Tried, ValueQuality
from analytics.insight.spending import SpendingModel
from analytics.insight.value import simple_value
from desk.errors import InvalidError

_DRAWS = 200
_SAMPLE = 5_000
"""People by whom parameters are tried; of more the totals are scaled."""
_YEAR = timedelta(days=365)
_FEWEST = 50
"""People of whom a trial says anything."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the models read of customers: columns of one length, see ``histories``."""

    frequency: Column
    recency: Column
    age: Column
    mean: Column

    @classmethod
    def of(cls, bought: Table, until: datetime, unit: Unit) -> tuple["Past", list[str]]:
        """Read it, with the customers' names in the same order."""
        known = histories.histories(bought, until=until, unit=unit).order_by("customer")
        found = known.to_pyarrow()
        names = ("frequency", "recency", "age", "mean")
        held = {name: found[name].to_numpy() for name in names}
        return cls(**held), found["customer"].to_pylist()

    def fit(self) -> tuple[PurchaseModel, SpendingModel]:
        """Fit both models.

        Raises:
            InvalidError: there is too little to learn from.
        """
        history = History.of(self.frequency, self.recency, self.age)
        return purchases.fit(history), spending.fit(self.frequency, self.mean)

    def some(self, count: int) -> "Past":
        """Return some of them, the same every time."""
        if len(self.age) <= count:
            return self
        taken = np.random.default_rng(0).choice(len(self.age), count, replace=False)
        columns = (self.frequency, self.recency, self.age, self.mean)
        frequency, recency, age, mean = (one[taken] for one in columns)
        return Past(frequency=frequency, recency=recency, age=age, mean=mean)

    def more(self, model: PurchaseModel, weeks: float) -> Column:
        """Return the purchases expected of each."""
        return model.expected_more(weeks, self.frequency, self.recency, self.age)


def quality(
    bought: Table,
    past: Past,
    models: tuple[PurchaseModel, SpendingModel],
    weeks: int,
    now: datetime,
) -> ValueQuality:
    """Judge the models of value."""
    model, money = models
    counted, spent = _intervals(past, model, money, weeks)
    return ValueQuality(
        people=len(past.age),
        repeaters=int((past.frequency > 0).sum()),
        weeks=weeks,
        purchase=astuple(model),
        spending=astuple(money),
        purchases=counted,
        money=spent,
        alive=float(model.alive(past.frequency, past.recency, past.age).sum()),
        simple=simple(bought, now),
        tried=tried(bought, now),
    )


def _intervals(
    past: Past, model: PurchaseModel, money: SpendingModel, weeks: float
) -> tuple[Interval, Interval]:
    each = past.more(model, weeks)
    spends = money.expected(past.frequency, past.mean)
    counts, sums = float(each.sum()), float(each @ spends)
    # A sum of random many amounts: variance = expected count x mean square of one, over customers.
    noise = np.sqrt(float(each @ (spends**2 * (1 + 1 / money.p))))
    known = past.some(_SAMPLE)
    base = known.more(model, weeks)
    base_spends = money.expected(known.frequency, known.mean)
    chance = np.random.default_rng(0)
    some_counts, some_sums = [], []
    history = History.of(past.frequency, past.recency, past.age)
    pairs = zip(
        purchases.draws(history, model, _DRAWS, 0),
        spending.draws(past.frequency, past.mean, money, _DRAWS, 1),
        strict=True,
    )
    for one, other in pairs:
        drawn = known.more(one, weeks)
        try:
            value = float(drawn @ other.expected(known.frequency, known.mean))
        except InvalidError:
            continue  # such a spending model has no mean
        some_counts.append(counts * float(drawn.sum() / base.sum()))
        some_sums.append(sums * value / float(base @ base_spends))
    totals = np.array(some_counts)
    told = totals + np.sqrt(np.maximum(totals, 0)) * chance.standard_normal((20, len(totals)))
    amounts = np.array(some_sums) + noise * chance.standard_normal((20, len(some_sums)))
    return _between(counts, told), _between(sums, amounts)


def _between(value: float, drawn: Column) -> Interval:
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (value, value)
    return Interval(value=value, low=max(0.0, float(low)), high=float(high))


def simple(bought: Table, now: datetime) -> Simple | None:
    """Return value by the rule of thumb; None while there are not two years to tell who was lost.

    Revenue is the mean over those who bought in the last 365 days of what they spent in them; lost is the share of
    those who bought in the 365 days before that and not since; lifetime = 1 / lost, in years.
    """
    this, last = now - _YEAR, now - 2 * _YEAR
    late = bought.at >= ibis.literal(this, "timestamp")
    marked = bought.mutate(late=late.ifelse(1, 0), early=late.ifelse(0, 1))
    marked = marked.filter(marked.at >= ibis.literal(last, "timestamp"))
    each = marked.group_by("customer").agg(
        before=marked.early.sum(),
        after=marked.late.sum(),
        money=(marked.amount * marked.late).sum(),
    )
    (found,) = (
        each.agg(
            buyers=(each.after > 0).sum(),
            money=each.money.sum(),
            known=(each.before > 0).sum(),
            lost=((each.before > 0) & (each.after == 0)).sum(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    oldest = bought.at.min().to_pyarrow().as_py()
    if not found["buyers"] or not found["lost"] or oldest > last:
        return None
    revenue, lost = found["money"] / found["buyers"], found["lost"] / found["known"]
    (value,) = simple_value(np.array([revenue]), np.array([1.0]), lost)
    return Simple(
        buyers=found["buyers"],
        revenue=revenue,
        lost=lost,
        lifetime=1 / lost,
        value=float(value),
    )


def tried(bought: Table, now: datetime, unit: Unit = histories.UNITS["week"]) -> Tried | None:
    """Fit the models as of half a year ago and compare with what came; None when that is too early for them."""
    weeks = 26
    duration = timedelta(days=weeks * unit.days)
    then = datetime(now.year, now.month, now.day) - timedelta(days=1) - duration  # noqa: DTZ001 - as in the engine
    try:
        past, names = Past.of(bought, then, unit)
        model, _ = past.fit()
    except InvalidError:
        return None
    if len(names) < _FEWEST:
        return None
    later = histories.bought_later(bought, then, duration).to_pyarrow().to_pylist()
    came = {one["customer"]: one["actual"] for one in later}
    actual = np.array([came.get(name, 0) for name in names], float)
    more = past.more(model, weeks)
    naive = past.frequency / np.maximum(past.age, 1e-9) * weeks
    return Tried(
        weeks=weeks,
        people=len(names),
        expected=float(more.sum()),
        actual=float(actual.sum()),
        naive=float(naive.sum()),
        error=float(np.abs(actual - more).mean()),
        naive_error=float(np.abs(actual - naive).mean()),
    )
