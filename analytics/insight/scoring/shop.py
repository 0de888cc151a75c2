"""Recency, frequency and money, value to come, and groups: from purchases to rows of the table ``score``."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from analytics.insight import outlook, rfm, words
from analytics.insight.clusters import Features, Groups, Matrix, cluster
from analytics.insight.histories import UNITS
from analytics.insight.predict.features import Tables, bought
from analytics.insight.quality import ValueQuality
from analytics.insight.value import Terms, lifetime_value
from analytics.warehouse.tables import SCHEMAS
from desk.errors import InvalidError

HORIZON_WEEKS = 52
"""How far ahead value is told."""
TRAITS = ("recency", "frequency", "money")
"""What groups are made of."""


def purchases_of(tables: Tables, now: datetime) -> Table:
    """Return ``customer``, ``at`` and ``amount`` of what was bought before now and not cancelled."""
    held = bought(tables["purchase"])
    held = held.filter(held.placed_at < ibis.literal(now, "timestamp"))
    return held.select(customer=held.person_id, at=held.placed_at, amount=held.amount).drop_null()


def rfm_scores(tables: Tables, now: datetime) -> pa.Table:
    """Return ``rfm_recency``, ``rfm_frequency``, ``rfm_money`` (1 to 5), and ``rfm`` with the name for people.

    Raises:
        InvalidError: nobody has bought anything.
    """
    known = rfm.features(purchases_of(tables, now), _day_of(now))
    found = rfm.scored(known).order_by("customer").to_pyarrow()
    people, names = found["customer"], found["name"]
    columns = {"rfm_recency": "r", "rfm_frequency": "f", "rfm_money": "m"}
    parts = [
        rows(people, name, found[column].cast("float64"), now) for name, column in columns.items()
    ]
    sums = found["r"].to_numpy() + found["f"].to_numpy() + found["m"].to_numpy()
    return pa.concat_tables([*parts, rows(people, "rfm", sums.astype(float), now, names)])


def value_scores(tables: Tables, now: datetime) -> tuple[pa.Table, ValueQuality]:
    """Return ``clv`` and ``purchases``, money and purchases expected in 52 weeks, and ``alive``; and how sure it is.

    ``alive`` is the chance that somebody still buys here.

    Raises:
        InvalidError: there is too little to learn from.
    """
    held = purchases_of(tables, now)
    past, people = outlook.Past.of(held, now, UNITS["week"])
    model, money = past.fit()
    terms = Terms(horizon=HORIZON_WEEKS, step=HORIZON_WEEKS / 12)
    x, t_x, age = past.frequency, past.recency, past.age
    value = lifetime_value(model, money, terms, frequency=x, recency=t_x, age=age, mean=past.mean)
    figures = {
        "clv": value,
        "alive": model.alive(x, t_x, age),
        "purchases": past.more(model, HORIZON_WEEKS),
    }
    names = pa.chunked_array([pa.array(people, pa.string())])
    found = pa.concat_tables([rows(names, name, each, now) for name, each in figures.items()])
    return found, outlook.quality(held, past, (model, money), HORIZON_WEEKS, now)


def cluster_scores(tables: Tables, now: datetime) -> pa.Table:
    """Return ``cluster``: the group's number, the same as at the last refresh where the group is, and its name.

    Raises:
        InvalidError: too few people have bought anything, or all did the same.
    """
    known = rfm.features(purchases_of(tables, now), _day_of(now))
    found = known.order_by("customer").to_pyarrow()
    matrix = np.column_stack([found[name].to_numpy().astype(float) for name in TRAITS])
    # What is spent differs by powers of ten, and so does how often: distances are taken between logarithms.
    matrix = np.log1p(np.maximum(matrix, 0))
    varied = [n for n in range(matrix.shape[1]) if matrix[:, n].std() > 0]
    if not varied:
        raise InvalidError("everybody has bought the same: there is nothing to tell apart")
    features = Features(
        names=tuple(TRAITS[n] for n in varied),
        values=matrix[:, varied],
        kept=np.arange(len(matrix)),
        left_out=0,
    )
    people = found["customer"].to_pylist()
    earlier = _earlier(tables["score"], people, features.values)
    groups = cluster(features, earlier=earlier)
    names = _names(features, groups)
    told = pa.array([names[label] for label in groups.labels.tolist()])
    return rows(found["customer"], "cluster", groups.labels.astype(float), now, told)


def _names(features: Features, groups: Groups) -> tuple[str, ...]:
    """Name groups by how far their centres are from the mean of all, in standard deviations."""
    mean, spread = features.values.mean(axis=0), features.values.std(axis=0)
    far = (groups.centres - mean) / spread
    return words.group_names([dict(zip(features.names, row, strict=True)) for row in far.tolist()])


def _earlier(score: Table, people: Sequence[str], values: Matrix) -> Matrix | None:
    """Return the centres of the groups as they were drawn last, by where their people stand now."""
    last = score.filter(score.name == "cluster").select("person_id", "value").to_pyarrow()
    known = dict(zip(last["person_id"].to_pylist(), last["value"].to_pylist(), strict=True))
    labels = np.array([known.get(person, -1) for person in people], int)
    count = labels.max(initial=-1) + 1
    if count < 1 or any(not (labels == label).any() for label in range(count)):
        return None
    return np.array([values[labels == label].mean(axis=0) for label in range(count)])


def rows(
    people: pa.ChunkedArray,
    name: str,
    values: object,
    now: datetime,
    told: pa.Array | pa.ChunkedArray | None = None,
) -> pa.Table:
    """Return rows of the table ``score``."""
    size = len(people)
    schema = SCHEMAS["score"].to_pyarrow().remove_metadata()
    columns = {
        "person_id": people,
        "name": pa.repeat(name, size),
        "value": values,
        "word": pa.nulls(size, pa.string()) if told is None else told,
        "computed_at": pa.repeat(pa.scalar(now, pa.timestamp("us")), size),
    }
    return pa.table(columns).cast(schema)


def _day_of(now: datetime) -> datetime:
    """Return the last moment of the day before: a day that goes on would count for some and not for others."""
    return datetime(now.year, now.month, now.day) - timedelta(microseconds=1)  # noqa: DTZ001 - UTC inside the engine
