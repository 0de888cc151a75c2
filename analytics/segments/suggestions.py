"""Segments to begin with: the groups of similar customers, by rules of a shallow tree in terms of what they bought.

A tree learns from at most 20,000 people what tells the groups apart by days since the last purchase, number of
purchases and money. Each of its leaves becomes a rule; size, purity and coverage are then counted anew, over
everybody, for the rule as a segment would have it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import numpy as np
from ibis.expr.types import Table

from analytics.insight.predict.features import Tables, bought
from analytics.insight.predict.rows import sample
from analytics.insight.rules import tree_rules
from analytics.segments.compile import members
from analytics.segments.rule import read
from analytics.segments.suggest import suggested

_SAMPLE = 20_000
_FEATURES = ("recency", "frequency", "money")
_PUREST = 0.5
"""A rule that mostly finds others than those of its group is no suggestion."""
_DAY = 86_400
_HAS_BOUGHT: dict[str, Any] = {"kind": "purchase"}


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A rule for a group: how many it finds, which share of them is of the group, and which of the group it finds."""

    group: str
    rule: dict[str, Any]
    size: int
    purity: float
    coverage: float


def suggestions(tables: Tables, now: datetime) -> tuple[Suggestion, ...]:
    """Return rules for the groups as of now (aware), those first that find most; none while there are no groups."""
    groups = tables["score"].filter(ibis._.name == "cluster", ibis._.word.notnull())
    groups = groups.select("person_id", label="value", group="word")
    sizes = {
        (row["label"], row["group"]): row["n"]
        for row in groups.group_by("label", "group").agg(n=groups.count()).to_pyarrow().to_pylist()
    }
    if len(sizes) < 2:
        return ()
    # Numbers by their places, as a score may skip some.
    known = list(sizes)
    found = []
    for rule in _tree(_features(tables, groups, now), known):
        made = suggested(rule)
        if made is None or made[1]:
            continue
        written = _of_buyers(made[0])
        label, group = known[rule.label]
        size, inside = _counted(written, tables, groups.filter(groups.label == label), now)
        if size and inside / size >= _PUREST:
            one = Suggestion(
                group=group,
                rule=written,
                size=size,
                purity=inside / size,
                coverage=inside / sizes[label, group],
            )
            found.append(one)
    return tuple(sorted(found, key=lambda one: -one.size))


def _features(tables: Tables, groups: Table, now: datetime) -> Table:
    """Return what a rule can ask, in the same terms, of everybody who is in a group."""
    at = ibis.literal(now.astimezone(UTC).replace(tzinfo=None), "timestamp")
    orders = bought(tables["purchase"])
    each = orders.group_by("person_id").agg(
        last=orders.placed_at.max(), frequency=orders.count(), money=orders.amount.sum()
    )
    each = each.select(
        "person_id",
        recency=(at.epoch_seconds() - each["last"].epoch_seconds()) / _DAY,
        frequency=each.frequency.cast("float64"),
        money=each.money.cast("float64"),
    )
    joined = groups.inner_join(each.drop_null(), "person_id").order_by("person_id")
    count = joined.count().to_pyarrow().as_py()
    return joined if count <= _SAMPLE else sample(joined, _SAMPLE / count)


def _tree(known: Table, labels: list[tuple[float, str]]) -> tuple[Any, ...]:
    rows = known.to_pyarrow()
    place = {label: n for n, label in enumerate(labels)}
    names = zip(rows["label"].to_pylist(), rows["group"].to_pylist(), strict=True)
    wanted = np.array([place[one] for one in names], np.int64)
    if len(set(wanted.tolist())) < 2:
        return ()
    values = np.column_stack([rows[name].to_numpy() for name in _FEATURES])
    return tree_rules(values, wanted, _FEATURES)


def _of_buyers(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule for buyers alone: "at most 2 purchases" is true of all who never bought anything."""
    parts = rule["where"]["all"]
    if any(one["op"] == "at_least" or one.get("measure") == "days_since" for one in parts):
        return rule
    return {**rule, "where": {"all": [_HAS_BOUGHT, *parts]}}


def _counted(rule: dict[str, Any], tables: Tables, group: Table, now: datetime) -> tuple[int, int]:
    """Return how many a rule finds, and how many of them are of a group."""
    found = members(read(rule), tables, now).select("person_id")
    theirs = group.select(inside="person_id")
    marked = found.left_join(theirs, found.person_id == theirs.inside)
    row = marked.agg(size=marked.count(), inside=marked.inside.count()).to_pyarrow().to_pylist()[0]
    return row["size"], row["inside"]
