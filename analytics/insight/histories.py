"""From purchases to what the models of value read: one row a customer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ibis
from ibis.expr.types import Table

from desk.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit of time: its name and how many days it has."""

    name: str
    days: float


UNITS = {
    unit.name: unit
    for unit in (
        Unit(name="day", days=1),
        Unit(name="week", days=7),
        Unit(name="month", days=365.25 / 12),
    )
}


def histories(
    bought: Table, *, until: datetime | None = None, unit: Unit = UNITS["week"]
) -> Table:
    """Return for each customer ``frequency``, ``recency``, ``age`` (in units) and ``mean`` money at a repeat purchase.

    ``bought`` has ``customer``, ``at`` and ``amount``; what one bought on one day is one purchase. The first purchase
    is no repeat and its money does not count. Customers who came after ``until`` are left out; without it, the day
    of the last purchase of all is the end.

    Raises:
        InvalidError: nothing was bought until then.
    """
    days = bought.group_by("customer", day=bought.at.cast("date")).agg(amount=bought.amount.sum())
    end = until.date() if until else last_day(bought)
    days = days.filter(days.day <= ibis.literal(end))
    first = days.day.min().over(ibis.window(group_by="customer"))
    days = days.mutate(first=first, repeat=days.day > first)
    grouped = days.group_by("customer").agg(
        first=days.first.min(),
        last=days.day.max(),
        frequency=days.repeat.sum(),
        mean=days.amount.mean(where=days.repeat),
    )
    start = ibis.literal(end)
    return grouped.select(
        "customer",
        frequency=grouped.frequency.cast("float64"),
        recency=grouped["last"].delta(grouped["first"], unit="day") / unit.days,
        age=start.delta(grouped["first"], unit="day") / unit.days,
        mean=grouped["mean"].fill_null(0.0),
    )


def bought_later(bought: Table, after: datetime, duration: timedelta) -> Table:
    """Return how many days with a purchase each customer had in the time after the calibration."""
    later = bought.filter(
        bought.at.cast("date") > ibis.literal(after.date()),
        bought.at.cast("date") <= ibis.literal((after + duration).date()),
    )
    return later.group_by("customer").agg(actual=later.at.cast("date").nunique())


def last_day(bought: Table) -> date:
    """Return the day of the last purchase; raises InvalidError when there is none."""
    last: date | None = (
        bought.agg(last=bought.at.max().cast("date")).to_pyarrow()["last"][0].as_py()
    )
    if last is None:
        raise InvalidError("there are no purchases")
    return last
