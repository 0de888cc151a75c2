"""What is to be told of people beforehand: leaving, responding, spending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr.types import Table

from analytics.engine import double
from analytics.insight.predict import features
from analytics.insight.predict.features import Tables

RESPONSES = ("link_click", "like", "follow", "share", "message.received")
"""What somebody does who responds; a purchase counts too."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is to be told beforehand.

    ``happened`` gives ``person_id`` and ``target`` for whom something happened from a moment until before another;
    all others have ``otherwise``. ``of_buyers``: it concerns only those who had bought before that.
    """

    happened: Callable[[Tables, datetime, datetime], Table]
    otherwise: float
    of_buyers: bool


def _bought(tables: Tables, since: datetime, until: datetime) -> Table:
    held = features.bought(tables["purchase"])
    inside = _between(held, "placed_at", since, until)
    return inside.group_by("person_id").agg(target=inside.amount.sum())


def _stayed(tables: Tables, since: datetime, until: datetime) -> Table:
    return _bought(tables, since, until).select("person_id", target=double(0.0))


def _responded(tables: Tables, since: datetime, until: datetime) -> Table:
    activity = tables["activity"].filter(tables["activity"].name.isin(RESPONSES))
    did = _between(activity, "occurred_at", since, until).select("person_id")
    came = did.union(_bought(tables, since, until).select("person_id"), distinct=True)
    return came.mutate(target=double(1.0))


def _between(table: Table, at: str, since: datetime, until: datetime) -> Table:
    start, end = ibis.literal(since, "timestamp"), ibis.literal(until, "timestamp")
    return table.filter(table[at] >= start, table[at] < end)


CHURN = Outcome(happened=_stayed, otherwise=1.0, of_buyers=True)
"""Who had bought buys nothing within the horizon."""
RESPONSE = Outcome(happened=_responded, otherwise=0.0, of_buyers=False)
"""Somebody does one of ``RESPONSES``, or buys."""
VALUE = Outcome(happened=_bought, otherwise=0.0, of_buyers=True)
"""The money that somebody who had bought spends within the horizon."""

CHANCES: Mapping[str, Outcome] = {"churn": CHURN, "response": RESPONSE}
AMOUNTS: Mapping[str, Outcome] = {"value": VALUE}
