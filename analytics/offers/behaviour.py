"""What people did with items, from the engine's tables: bought, looked at, liked; and what their tickets are about."""

from collections.abc import Mapping
from datetime import datetime

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from analytics.insight.predict.features import Tables, bought

BOUGHT = 1.0
WEIGHTS: Mapping[str, float] = {
    "page_view": 0.2,
    "email_open": 0.1,
    "link_click": 0.4,
    "like": 0.5,
    "follow": 0.5,
    "share": 0.6,
}
"""How much an activity with an item says, beside a purchase; other activities count as a page seen."""
_OTHER = WEIGHTS["page_view"]
_FEW = 2
"""People who must have had to do with an item that nobody bought, or it may be any page's address."""


def deeds(tables: Tables, now: datetime) -> pa.Table:
    """Return ``person_id``, ``item``, ``bought``, ``weight``, ``last_at``: one row for each person, item and kind."""
    return ibis.union(_purchases(tables, now), _looks(tables, now)).to_pyarrow()


def items(tables: Tables) -> pa.Table:
    """Return ``item``, ``name`` and ``category`` of what was ever bought."""
    lines = tables["purchase_line"]
    lines = lines.filter(lines.sku.notnull())
    each = lines.group_by(item=lines.sku)
    return each.agg(name=lines.name.max(), category=lines.category.max()).to_pyarrow()


def topics(tables: Tables) -> pa.Table:
    """Return ``person_id`` and ``words``: what their tickets are about."""
    ticket = tables["ticket"]
    ticket = ticket.filter(ticket.person_id.notnull() & ticket.topic.notnull())
    pairs = ticket.select("person_id", topic=ticket.topic.replace("_", " ")).distinct()
    return pairs.group_by("person_id").agg(words=pairs.topic.group_concat(" ")).to_pyarrow()


def _purchases(tables: Tables, now: datetime) -> Table:
    lines, held = tables["purchase_line"], bought(tables["purchase"])
    held = held.filter(held.placed_at < ibis.literal(now, "timestamp"))
    joined = lines.inner_join(
        held.select("order_number", "person_id", "placed_at"), "order_number"
    )
    known = joined.filter(joined.person_id.notnull() & joined.sku.notnull())
    return known.group_by("person_id", item=known.sku).agg(
        bought=ibis.literal(value=True),
        weight=(known.count().cast("float64").log() + 1) * BOUGHT,
        last_at=known.placed_at.max(),
    )


def _looks(tables: Tables, now: datetime) -> Table:
    activity = tables["activity"]
    known = activity.filter(
        activity.person_id.notnull()
        & activity.item.notnull()
        & (activity.occurred_at < ibis.literal(now, "timestamp"))
    )
    often = known.group_by("item").agg(people=known.person_id.nunique())
    often = often.filter(often.people >= _FEW).select("item")
    skus = tables["purchase_line"].select(item=tables["purchase_line"].sku).distinct()
    known = known.semi_join(ibis.union(often, skus, distinct=True), "item")
    weight = known.name.cases(*WEIGHTS.items(), else_=_OTHER)
    each = known.group_by("person_id", "item", "name").agg(
        weight=(known.count().cast("float64").log() + 1) * weight.max(),
        last_at=known.occurred_at.max(),
    )
    return each.group_by("person_id", "item").agg(
        bought=ibis.literal(value=False), weight=each.weight.sum(), last_at=each.last_at.max()
    )
