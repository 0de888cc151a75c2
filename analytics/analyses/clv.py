"""Value to come of a file of purchases, and how well the same model would have told the last part of it."""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from ibis.expr.types import Table

from analytics.analyses import source
from analytics.engine import kept
from analytics.insight import histories, purchases, rfm, spending
from analytics.insight.histories import Unit
from analytics.insight.purchases import History, PurchaseModel
from analytics.insight.rfm import Columns
from analytics.insight.spending import SpendingModel
from analytics.insight.value import Interval, Terms, lifetime_value, total_purchases


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What the model told of the time after the calibration, beside what came and the naive 'same rate'."""

    actual: float
    expected: float
    correlation: float
    mean_absolute_error: float
    naive_expected: float
    naive_mean_absolute_error: float


@dataclass(frozen=True, kw_only=True)
class ValueReport:
    """Both models, what is expected of everybody together, and each customer's figures."""

    customers: int
    repeaters: int
    unit: str
    purchases: PurchaseModel
    spending: SpendingModel
    log_likelihood: float
    expected: Interval
    money: float
    tried: Tried | None
    rows: tuple[dict[str, Any], ...]


def report(
    path: Path,
    columns: Columns,
    *,
    terms: Terms,
    unit: Unit,
    calibrate_until: datetime | None = None,
) -> ValueReport:
    """Fit both models to a file and value its customers over the horizon.

    Raises:
        InvalidError: the file or a column cannot be used, or there is nothing to learn from.
    """
    bought = kept(rfm.purchases(source.table(path, astuple(columns)), columns))
    known = histories.histories(bought, until=calibrate_until, unit=unit).order_by("customer")
    found = known.to_pyarrow()
    x, t_x, age, mean = (
        found[name].to_numpy() for name in ("frequency", "recency", "age", "mean")
    )
    history = History.of(x, t_x, age)
    model, money = purchases.fit(history), spending.fit(x, mean)
    more = model.expected_more(terms.horizon, x, t_x, age)
    value = lifetime_value(model, money, terms, frequency=x, recency=t_x, age=age, mean=mean)
    names = found["customer"].to_pylist()
    alive = model.alive(x, t_x, age)
    order = np.argsort(-value, kind="stable")
    return ValueReport(
        customers=len(found),
        repeaters=int((x > 0).sum()),
        unit=unit.name,
        purchases=model,
        spending=money,
        log_likelihood=model.log_likelihood(history),
        expected=total_purchases(model, history, terms.horizon),
        money=float(value.sum()),
        tried=_tried(bought, names, (x, age, more), calibrate_until, terms.horizon, unit),
        rows=tuple(
            {
                "customer": names[n],
                "frequency": float(x[n]),
                "recency": float(t_x[n]),
                "age": float(age[n]),
                "alive": float(alive[n]),
                "expected_purchases": float(more[n]),
                "value": float(value[n]),
            }
            for n in order
        ),
    )


def _tried(
    bought: Table,
    names: list[Any],
    known: tuple[Any, Any, Any],
    until: datetime | None,
    horizon: float,
    unit: Unit,
) -> Tried | None:
    """Compare with what came after the calibration; None when nothing was kept back, or not long enough."""
    duration = timedelta(days=horizon * unit.days)
    if until is None or histories.last_day(bought) < (until + duration).date():
        return None
    later = histories.bought_later(bought, until, duration).to_pyarrow().to_pylist()
    came = {one["customer"]: one["actual"] for one in later}
    actual = np.array([came.get(name, 0) for name in names], float)
    x, age, more = known
    naive = x / np.maximum(age, 1e-9) * horizon
    return Tried(
        actual=float(actual.sum()),
        expected=float(more.sum()),
        correlation=float(np.corrcoef(actual, more)[0, 1]) if actual.std() else 0.0,
        mean_absolute_error=float(np.abs(actual - more).mean()),
        naive_expected=float(naive.sum()),
        naive_mean_absolute_error=float(np.abs(actual - naive).mean()),
    )
