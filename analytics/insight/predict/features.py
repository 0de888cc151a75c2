"""What was known of each person at a moment: one row a person, from what lies strictly before it.

Nothing that happened at the moment or after it has any influence, so that a model that is tried on the past sees what
it would have seen then. Two things are only known as they are now, and are taken so: whether a purchase was cancelled,
and the traits of a person that do not change (gender, language, country, birthday). What changes with what people buy
(tier, scores, tags) is left out.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

import ibis
from ibis.expr.types import BooleanValue, NumericValue, Table, TimestampValue

WINDOWS = (30, 90, 365)
"""Days before the moment."""

BEHAVIOUR = (
    "page_view",
    "email_open",
    "link_click",
    "like",
    "follow",
    "share",
    "message.received",
    "message.sent",
)
"""Activities that are counted one by one; all others count in the total."""

CANCELLED = "cancelled"
_DAY = 86_400
_TRAITS = ("gender", "language", "country")
_UNKNOWN = frozenset(
    [
        "recency",
        "last_activity",
        "last_ticket",
        "gap",
        "late",
        "mean_order",
        "age",
        "mood",
        "satisfied",
        "recommends",
    ]
)
"""What is empty, and not 0, where there is nothing to know."""

type Tables = Mapping[str, Table]


def people(tables: Tables, as_of: datetime) -> Table:
    """Return a row for each person who was here before ``as_of`` (UTC, without a zone), with their features.

    A person is here from the day when they were added or did something first. Numbers of somebody who never did a
    thing are 0, times since the last one are empty.
    """
    moment = ibis.literal(as_of, "timestamp")
    parts = [
        _purchases(tables["purchase"], moment),
        _categories(tables["purchase"], tables["purchase_line"], moment),
        _activities(tables["activity"], moment),
        _tickets(tables["ticket"], moment),
        _answers(tables["feedback"], moment),
    ]
    person = tables["person"]
    traits = person.select(
        "person_id",
        *_TRAITS,
        age=_years(person, moment),
        added_at=(person.created_at < moment).ifelse(person.created_at, ibis.null("timestamp")),
    )
    joined = reduce(
        lambda left, right: left.left_join(right, "person_id").drop("person_id_right"),
        parts,
        traits,
    )
    firsts = [joined.added_at, joined.first_purchase_at, joined.first_activity_at]
    firsts += [joined.first_ticket_at, joined.first_answer_at]
    known = joined.mutate(here_at=ibis.least(*(one.fill_null(moment) for one in firsts)))
    return _finished(known.filter(known.here_at < moment), moment)


def names(table: Table) -> list[str]:
    """Return the columns of ``people`` that are features."""
    return [name for name in table.columns if name != "person_id"]


def _finished(table: Table, moment: TimestampValue) -> Table:
    """Fill counts and sums, and make moments into days."""
    days = {
        "tenure": _days(table.here_at, moment),
        "recency": _days(table.last_purchase_at, moment),
        "last_activity": _days(table.last_activity_at, moment),
        "last_ticket": _days(table.last_ticket_at, moment),
    }
    # How long somebody usually waits, and how many such times have passed: Fader and Hardie's "late" customer.
    bought = _days(table.first_purchase_at, table.last_purchase_at)
    gap = (table.orders > 1).ifelse(bought / (table.orders - 1), ibis.null("float64"))
    timed = table.mutate(**days, gap=gap, mean_order=table.money / table.orders.nullif(0))
    timed = timed.mutate(
        late=(timed.gap > 0).ifelse(timed.recency / timed.gap, ibis.null("float64"))
    )
    moments = [name for name in timed.columns if name.endswith("_at")]
    counts = [
        name for name in timed.columns if name not in {"person_id", *_TRAITS, *moments, *_UNKNOWN}
    ]
    return timed.drop(*moments).mutate(
        **{name: timed[name].cast("float64").fill_null(0.0) for name in counts}
    )


def _days(since: TimestampValue, until: TimestampValue) -> NumericValue:
    # Engines differ in what they make of the fraction of a second.
    whole = until.truncate("s").epoch_seconds() - since.truncate("s").epoch_seconds()
    return whole.cast("float64") / _DAY


def _years(person: Table, moment: TimestampValue) -> NumericValue:
    return _days(person.born.cast("timestamp"), moment) / 365.25


def _inside(at: TimestampValue, moment: TimestampValue, days: int) -> BooleanValue:
    return at >= moment - ibis.interval(days=days)


def bought(purchase: Table) -> Table:
    """Return the purchases that count: not cancelled."""
    status = purchase.status.fill_null("")
    return purchase.filter(status != CANCELLED, purchase.person_id.notnull())


def _purchases(purchase: Table, moment: TimestampValue) -> Table:
    held = bought(purchase)
    held = held.filter(held.placed_at < moment)
    windows = {}
    for days in WINDOWS:
        inside = _inside(held.placed_at, moment, days)
        windows[f"orders_{days}"] = inside.ifelse(1, 0).sum()
        windows[f"money_{days}"] = inside.ifelse(held.amount, 0.0).sum()
    return held.group_by("person_id").agg(
        orders=held.count(),
        money=held.amount.sum(),
        largest_order=held.amount.max(),
        first_purchase_at=held.placed_at.min(),
        last_purchase_at=held.placed_at.max(),
        **windows,
    )


def _categories(purchase: Table, line: Table, moment: TimestampValue) -> Table:
    held = bought(purchase)
    before = held.filter(held.placed_at < moment).select("order_number", "person_id")
    lines = before.join(line, "order_number")
    return lines.group_by("person_id").agg(
        products=lines.sku.nunique(),
        categories=lines.category.nunique(),
        pieces=lines.quantity.sum(),
    )


def _activities(activity: Table, moment: TimestampValue) -> Table:
    held = activity.filter(activity.occurred_at < moment, activity.person_id.notnull())
    windows = {}
    for days in WINDOWS:
        inside = _inside(held.occurred_at, moment, days)
        windows[f"activities_{days}"] = inside.ifelse(1, 0).sum()
    recent = _inside(held.occurred_at, moment, WINDOWS[1])
    for name in BEHAVIOUR:
        column = f"{name.replace('.', '_')}_{WINDOWS[1]}"
        windows[column] = (recent & (held.name == name)).ifelse(1, 0).sum()
    return held.group_by("person_id").agg(
        activities=held.count(),
        channels=held.channel.nunique(),
        items=held.item.nunique(),
        first_activity_at=held.occurred_at.min(),
        last_activity_at=held.occurred_at.max(),
        **windows,
    )


def _tickets(ticket: Table, moment: TimestampValue) -> Table:
    held = ticket.filter(ticket.created_at < moment, ticket.person_id.notnull())
    # Its status is that of today: open then means not yet resolved at the moment.
    is_open = held.resolved_at.isnull() | (held.resolved_at >= moment)
    recent = _inside(held.created_at, moment, WINDOWS[1])
    return held.group_by("person_id").agg(
        tickets=held.count(),
        tickets_open=is_open.ifelse(1, 0).sum(),
        **{f"tickets_{WINDOWS[1]}": recent.ifelse(1, 0).sum()},
        first_ticket_at=held.created_at.min(),
        last_ticket_at=held.created_at.max(),
    )


def _answers(feedback: Table, moment: TimestampValue) -> Table:
    held = feedback.filter(feedback.answered_at < moment, feedback.person_id.notnull())
    score = held.score.cast("float64")  # PostgreSQL's mean of whole numbers is a decimal
    return held.group_by("person_id").agg(
        answers=held.count(),
        mood=held.mood.mean(),
        satisfied=score.mean(where=held.kind == "csat"),
        recommends=score.mean(where=held.kind == "nps"),
        first_answer_at=held.answered_at.min(),
    )
