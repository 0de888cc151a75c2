"""Recency, frequency and money: what each customer did, as scores from 1 to 5 and a name for people.

Hughes (1994), Strategic Database Marketing. The scores are quantiles by the middle of equal values, so that equal
customers get equal scores, which ``NTILE`` does not promise.
"""

from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr.types import IntegerColumn, NumericColumn, StringColumn, Table

from analytics.columns import moment, need, number
from desk.errors import InvalidError

SCORES = 5

#: Name, and the scores it stands for: recency from and to, frequency and money (their mean, rounded) from and to.
#: The first that fits counts; together they cover the grid.
NAMES: tuple[tuple[str, range, range], ...] = (
    ("champions", range(5, 6), range(4, 6)),
    ("loyal", range(3, 6), range(4, 6)),
    ("new", range(5, 6), range(1, 2)),
    ("promising", range(4, 6), range(1, 2)),
    ("potential loyalists", range(4, 6), range(2, 4)),
    ("need attention", range(3, 4), range(3, 4)),
    ("about to sleep", range(3, 4), range(1, 3)),
    ("cannot lose", range(1, 2), range(5, 6)),
    ("at risk", range(1, 3), range(3, 6)),
    ("hibernating", range(2, 3), range(1, 3)),
    ("lost", range(1, 2), range(1, 3)),
)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns of a table of purchases are called."""

    customer: str
    date: str
    amount: str


def purchases(table: Table, columns: Columns) -> Table:
    """Return ``customer``, ``at`` and ``amount`` of every purchase that has all three; several of one day stay apart.

    Raises:
        InvalidError: a column is missing or of another kind.
    """
    need(table, [columns.customer, columns.date, columns.amount])
    return table.select(
        customer=table[columns.customer],
        at=moment(table, columns.date),
        amount=number(table, columns.amount),
    ).drop_null()


def features(bought: Table, as_of: datetime | None = None) -> Table:
    """Return for each customer ``recency`` in days (whole), ``frequency`` (days with a purchase) and ``money``.

    ``as_of`` is the day from which recency counts; purchases after it are left out. Without it, it is the day of the
    last purchase of all.

    Raises:
        InvalidError: nothing was bought until then.
    """
    if as_of is not None:
        bought = bought.filter(bought.at <= as_of)
    last = bought.agg(last=bought.at.max()).to_pyarrow()["last"][0].as_py()
    if last is None:
        raise InvalidError("there is no purchase until that day")
    day = ibis.literal(as_of or last).cast("date")
    # Days first: counting different days of each customer takes engines longer.
    days = bought.group_by("customer", date=bought.at.cast("date")).agg(money=bought.amount.sum())
    grouped = days.group_by("customer").agg(
        last=days.date.max(), frequency=days.count(), money=days.money.sum()
    )
    return grouped.select(
        "customer",
        recency=day.delta(grouped["last"], unit="day"),
        frequency=grouped.frequency,
        money=grouped.money,
    )


def scored(table: Table) -> Table:
    """Return features with scores ``r``, ``f``, ``m`` from 1 to 5 (5 is best) and the customer's ``name``.

    The score of a value is ceil(5 x share of customers below it, plus half of those equal to it).
    """
    found = table
    for name, column in (("r", "recency"), ("f", "frequency"), ("m", "money")):
        scores = _scores(table[column]).rename({name: "score"})
        found = found.left_join(scores, found[column] == scores.value).drop("value")
    found = found.mutate(r=(SCORES + 1 - found.r).cast("int8"))
    return found.mutate(name=_name(found.r, found.f, found.m))


def _scores(column: NumericColumn) -> Table:
    """Return the ``score`` of each ``value`` of a column: there are far fewer values than customers."""
    values = column.name("value").as_table()
    counts = values.group_by("value").agg(equal=values.count())
    upto = counts.equal.sum().over(ibis.cumulative_window(order_by=counts.value))
    share = (upto - counts.equal / 2) / values.count().as_scalar()
    return counts.select("value", score=(share * SCORES).ceil().clip(1, SCORES).cast("int8"))


def _name(r: IntegerColumn, f: IntegerColumn, m: IntegerColumn) -> StringColumn:
    worth = ((f + m) / 2 + 0.001).round()  # a half counts up, whatever the engine's rounding
    cases = [
        (r.between(rs[0], rs[-1]) & worth.between(fs[0], fs[-1]), ibis.literal(name))
        for name, rs, fs in NAMES
    ]
    return ibis.cases(*cases, else_=ibis.literal("other"))
