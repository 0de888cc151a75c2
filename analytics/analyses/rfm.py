"""RFM of a file of purchases."""

from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.analyses import source
from analytics.engine import kept
from analytics.insight import rfm
from analytics.insight.rfm import Columns


@dataclass(frozen=True, kw_only=True)
class Group:
    """Customers of one name: how many, which share, and what they did on average."""

    name: str
    customers: int
    share: float
    recency: float
    frequency: float
    money: float


@dataclass(frozen=True, kw_only=True)
class RfmReport:
    """All groups, largest money first, and the customers with their scores."""

    customers: int
    money: float
    groups: tuple[Group, ...]
    scored: Any


def report(path: Path, columns: Columns, as_of: datetime | None = None) -> RfmReport:
    """Score a file's customers; ``scored`` is an Arrow table.

    Raises:
        InvalidError: the file or a column cannot be used.
    """
    bought = rfm.purchases(source.table(path, astuple(columns)), columns)
    scored = kept(rfm.scored(rfm.features(bought, as_of)))
    groups = (
        scored.group_by("name")
        .agg(
            customers=scored.count(),
            recency=scored.recency.mean(),
            frequency=scored.frequency.mean(),
            average=scored.money.mean(),
            total=scored.money.sum(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    count = sum(one["customers"] for one in groups)
    groups.sort(key=lambda one: -one["total"])
    return RfmReport(
        customers=count,
        money=sum(one["total"] for one in groups),
        groups=tuple(
            Group(
                name=one["name"],
                customers=one["customers"],
                share=one["customers"] / count,
                recency=one["recency"],
                frequency=one["frequency"],
                money=one["average"],
            )
            for one in groups
        ),
        scored=scored.order_by("customer").to_pyarrow(),
    )
