"""Value not yet realised: what people like this one spend, less what this one does.

potential = max(0, quantile 0.75 of the money that people of the same group spent in 365 days - one's own).

A high quantile of what similar customers spend is the "realistic wallet" of Rosset, Perlich, Zadrozny, Merugu, Weiss
and Lawrence (2005), Wallet Estimation Models. Similar are people of one cluster by who they are and how they use us;
what they bought is not among its features, or everybody would be like those who spend as much.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import ibis
import numpy as np
from ibis.expr.types import IntegerValue, Table
from sklearn.cluster import MiniBatchKMeans

from analytics.engine import kept
from analytics.insight.predict import encoding, features, rows
from analytics.insight.predict.churn import score_rows
from analytics.insight.predict.encoding import Encoding
from analytics.insight.predict.features import Tables
from desk.errors import InvalidError

TRAITS = (
    "gender",
    "language",
    "country",
    "age",
    "tenure",
    "activities_365",
    "page_view_90",
    "message_received_90",
    "channels",
    "tickets",
)
_MONEY = "money_365"
_QUANTILE = 0.75
_LARGEST, _SMALLEST = 8, 50
"""At most so many groups, of so many people on average at least."""
_MOST = 50_000


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Groups of similar people: centres in standardised columns of the encoding."""

    encoding: Encoding
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]

    def nearest(self, known: Table) -> Table:
        """Return ``person_id``, ``money`` and ``group``: the nearest centre, computed in the engine."""
        staged = known.select("person_id", money=known[_MONEY], **self.encoding.columns(known))
        scaled = [
            (staged[f"x{n}"] - mean) / spread
            for n, (mean, spread) in enumerate(zip(self.mean, self.spread, strict=True))
        ]
        apart = {
            f"d{number}": sum((x - c) * (x - c) for x, c in zip(scaled, centre, strict=True))
            for number, centre in enumerate(self.centres)
        }
        far = staged.select("person_id", "money", **apart)
        return far.select("person_id", "money", group=self._least(far))

    def _least(self, far: Table) -> IntegerValue:
        columns = [far[f"d{number}"] for number in range(len(self.centres))]
        if len(columns) == 1:  # some engines cannot compare one with nothing
            return cast(IntegerValue, ibis.literal(0))
        least = ibis.least(*columns)
        return ibis.cases(*((one == least, n) for n, one in enumerate(columns)), else_=0)


def similar(known: Table, *, seed: int = 0) -> Groups:
    """Find groups of similar people by ``TRAITS``, with k-means on at most 50,000 of them.

    Raises:
        InvalidError: there is nobody, or all are the same.
    """
    held = kept(known.select("person_id", _MONEY, *TRAITS).order_by("person_id"))
    found = encoding.fit(held, TRAITS)
    read = rows.read(held, found, target=_MONEY, most=_MOST)
    if not found.features or not len(read.values):
        raise InvalidError("there are no people who could be told apart")
    mean, spread = read.values.mean(axis=0), read.values.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (read.values - mean) / spread
    count = min(_LARGEST, max(1, len(scaled) // _SMALLEST), len(np.unique(scaled, axis=0)))
    model = MiniBatchKMeans(n_clusters=count, random_state=seed, n_init=5, batch_size=4_096)
    model.fit(scaled)
    return Groups(
        encoding=found,
        mean=tuple(mean.tolist()),
        spread=tuple(spread.tolist()),
        centres=tuple(tuple(row) for row in model.cluster_centers_.tolist()),
    )


def potential(known: Table, groups: Groups) -> Table:
    """Return ``person_id`` and ``score``: the potential of each person, in money a year."""
    placed = kept(groups.nearest(known))
    usual = placed.group_by("group").agg(usual=placed.money.quantile(_QUANTILE))
    joined = placed.join(usual, "group")
    return joined.select("person_id", score=ibis.greatest(joined.usual - joined.money, 0.0))


def scores(tables: Tables, now: datetime, *, seed: int = 0) -> Table:
    """Return rows for the table ``score``, named ``potential``, of everybody who is here.

    Raises:
        InvalidError: there is nobody, or all are the same.
    """
    known = kept(features.people(tables, now))
    return score_rows(potential(known, similar(known, seed=seed)), "potential", now)
