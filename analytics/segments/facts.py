"""Questions about rows of a person: where the rows come from, which count, what is made of them."""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr.types import BooleanValue, Column, Table, Value

from analytics.segments.known import COMPARE, midnight
from analytics.segments.leaves import (
    Event,
    Feedback,
    Leaf,
    Measure,
    Op,
    Purchase,
    Ticket,
    Window,
)
from desk.tables.shop import OrderStatus
from desk.tables.ticket import TicketStatus

type Tables = Mapping[str, Table]
type Fact = Event | Purchase | Ticket | Feedback

_SETTLED = (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value)


def is_fact(leaf: Leaf) -> bool:
    """Say whether rows must be added up to answer a question."""
    return isinstance(leaf, Event | Purchase | Ticket | Feedback)


def is_short(leaf: Fact) -> bool:
    """Say whether few of the rows matter: those of a window."""
    return not isinstance(leaf, Feedback) and leaf.window is not None


def source(leaf: Fact) -> Hashable:
    """Return what the questions that one aggregation answers have in common."""
    match leaf:
        case Purchase(sku=sku, category=category):
            return leaf.kind, sku, category
        case Feedback(of=of):
            return leaf.kind, of
        case _:
            return (leaf.kind,)


def rows(leaf: Fact, tables: Tables) -> Table:
    """Return the rows of a source with ``person_id``, ``at`` and ``value``, and what else is asked of them."""
    return _ROWS[leaf.kind](leaf, tables)


def _orders(leaf: Purchase, tables: Tables) -> Table:
    orders = tables["purchase"]
    # An order whose status nobody knows was not cancelled, as far as anybody knows.
    orders = orders.filter((orders.status != OrderStatus.CANCELLED.value).fill_null(True))
    if leaf.sku is None and leaf.category is None:
        return orders.select("person_id", at=orders.placed_at, value=orders.amount)
    lines = tables["purchase_line"]
    for name in ("sku", "category"):
        if (wanted := getattr(leaf, name)) is not None:
            lines = lines.filter(lines[name] == wanted)
    bought = lines.group_by("order_number").agg(value=lines.amount.sum())
    joined = orders.inner_join(bought, "order_number")
    return joined.select("person_id", at=joined.placed_at, value=joined.value)


def _activity(_: Event, tables: Tables) -> Table:
    done = tables["activity"]
    return done.select("person_id", "name", "channel", "item", "value", at=done.occurred_at)


def _tickets(_: Ticket, tables: Tables) -> Table:
    opened = tables["ticket"]
    return opened.select(
        "person_id",
        "topic",
        "priority",
        at=opened.created_at,
        open=~opened.status.isin(_SETTLED).fill_null(False),
        value=ibis.null("float64"),
    )


def _last_scores(leaf: Feedback, tables: Tables) -> Table:
    given = tables["feedback"]
    given = given.filter(given.kind == leaf.of, given.score.notnull(), given.answered_at.notnull())
    newest = ibis.row_number().over(
        group_by="person_id",
        order_by=[ibis.desc(given.answered_at), ibis.desc(given.feedback_id)],
    )
    last = given.mutate(place=newest).filter(ibis._.place == 0)
    return last.select("person_id", at=last.answered_at, value=last.score.cast("float64"))


_ROWS: Mapping[str, Callable[..., Table]] = {
    "purchase": _orders,
    "event": _activity,
    "ticket": _tickets,
    "feedback": _last_scores,
}
_ASKED = ("name", "channel", "item", "topic", "priority", "open")


def added(found: Table, columns: Mapping[Fact, str], at: datetime) -> Table:
    """Return one row a person with a column for every question about these rows."""
    tests = [_counts(leaf, found, at) for leaf in columns]
    if all(test is not None for test in tests):
        found = found.filter(reduce(or_, tests))
    measured = {
        # With one question alone the filter has said it all.
        name: _MEASURES[_measure(leaf)](
            found, _counts(leaf, found, at) if len(columns) > 1 else None
        )
        for leaf, name in columns.items()
    }
    return found.group_by("person_id").agg(**measured)


def _measure(leaf: Fact) -> Measure:
    # There is one last score, so the largest is it.
    return Measure.MAX if isinstance(leaf, Feedback) else leaf.measure


def _counts(leaf: Fact, found: Table, at: datetime) -> BooleanValue | None:
    """Say of every row whether it counts for a question; None when all do."""
    tests = [
        found[name] == asked for name in _ASKED if (asked := getattr(leaf, name, None)) is not None
    ]
    if not isinstance(leaf, Feedback) and leaf.window is not None:
        tests += _in_window(found.at, leaf.window, at)
    return reduce(and_, tests) if tests else None


def _in_window(column: Column, window: Window, at: datetime) -> list[BooleanValue]:
    if window.days is not None:
        return [column >= at - timedelta(days=window.days), column <= at]
    tests = []
    if window.since is not None:
        tests.append(column >= midnight(window.since))
    if window.until is not None:
        tests.append(column < midnight(window.until) + timedelta(days=1))
    return tests


_MEASURES: Mapping[Measure, Callable[[Table, BooleanValue | None], Value]] = {
    Measure.COUNT: lambda found, where: found.count(where=where),
    Measure.SUM: lambda found, where: found.value.sum(where=where),
    Measure.AVERAGE: lambda found, where: found.value.mean(where=where),
    Measure.MIN: lambda found, where: found.value.min(where=where),
    Measure.MAX: lambda found, where: found.value.max(where=where),
    Measure.DAYS_SINCE: lambda found, where: found.at.max(where=where),
}


def holds(leaf: Fact, column: Column, at: datetime) -> BooleanValue:
    """Say whether the answer is yes; who has no rows has a count and a sum of 0 and nothing else."""
    measure = _measure(leaf)
    if measure in (Measure.COUNT, Measure.SUM):
        return COMPARE[leaf.op](column.fill_null(0), leaf.value)
    if measure is Measure.DAYS_SINCE:
        then = at - timedelta(days=leaf.value)
        return (column <= then if leaf.op is Op.AT_LEAST else column >= then).fill_null(False)
    return COMPARE[leaf.op](column, leaf.value).fill_null(False)
