"""All scores of everybody and how good the models behind them are, put into the engine at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound

from analytics.insight import quality
from analytics.insight.predict import churn, potential
from analytics.insight.predict.features import Tables
from analytics.insight.quality import LEFT_OUT, Kept
from analytics.insight.scoring import shop
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import store_of
from analytics.warehouse.tables import SCHEMAS
from desk.errors import InvalidError, NotFoundError

HORIZON = timedelta(days=90)
"""How far ahead leaving, responding and spending are told."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """How many people have which score, and which could not be computed and why."""

    people: Mapping[str, int]
    left_out: Mapping[str, str]
    seconds: float


class Part(NamedTuple):
    """Rows of the table ``score``, what could not be computed with them and why, and how good the models are."""

    rows: pa.Table
    left_out: Mapping[str, str] = {}
    quality: Mapping[str, Kept] = {}


type Compute = Callable[[Tables, datetime], Part]


def _forecasts(tables: Tables, now: datetime) -> Part:
    models = churn.train(tables, now, HORIZON)
    return Part(churn.scores(tables, models, now).to_pyarrow(), models.left_out, models.quality)


def _value(tables: Tables, now: datetime) -> Part:
    rows, judged = shop.value_scores(tables, now)
    return Part(rows, quality={"clv": judged})


COMPUTED: Mapping[str, Compute] = {
    "recency, frequency, money": lambda tables, now: Part(shop.rfm_scores(tables, now)),
    "groups": lambda tables, now: Part(shop.cluster_scores(tables, now)),
    "value": _value,
    "forecasts": _forecasts,
    "potential": lambda tables, now: Part(potential.scores(tables, now).to_pyarrow()),
}


FOR_GROUPS = ("recency, frequency, money", "groups")
"""What suggested segments are made of."""


def score_groups(warehouse: Warehouse, now: datetime) -> Scored:
    """Compute what suggested segments need as of now (UTC), and leave all other scores as they are.

    Raises:
        ConflictError: another process is writing.
    """
    began = time.perf_counter()
    wanted = {name: COMPUTED[name] for name in FOR_GROUPS}
    with warehouse.writing() as engine:
        found, left_out = _results(
            _tables(engine), wanted, now.replace(tzinfo=None, microsecond=0)
        )
        store = store_of(engine)
        for part in found:
            store.forget("score", "name", part.rows["name"].unique())
            store.add("score", part.rows)
        store.commit()
    return _scored(found, left_out, began)


def score_everybody(
    warehouse: Warehouse, now: datetime, *, computed: Mapping[str, Compute] = COMPUTED
) -> Scored:
    """Compute all scores as of now (UTC), and put them in place of the old ones, whatever those were.

    What cannot be computed, as there is too little to learn from, is left out and said; a score that is old would
    be taken for a new one.

    Raises:
        ConflictError: another process is writing.
    """
    began = time.perf_counter()
    # Engines differ in what they make of the fraction of a second.
    moment = now.replace(tzinfo=None, microsecond=0)
    with warehouse.writing() as engine:
        found, left_out = _results(_tables(engine), computed, moment)
        store = store_of(engine)
        store.forget("score", "person_id", None)
        for part in found:
            store.add("score", part.rows)
        store.forget("model", "name", None)
        store.add("model", _models(found, left_out, moment))
        store.commit()
    return _scored(found, left_out, began)


def _scored(found: Sequence[Part], left_out: Mapping[str, str], began: float) -> Scored:
    people: dict[str, int] = {}
    for part in found:
        for one in part.rows["name"].value_counts().to_pylist():
            people[one["values"]] = people.get(one["values"], 0) + one["counts"]
    return Scored(people=people, left_out=left_out, seconds=time.perf_counter() - began)


def _models(found: Sequence[Part], left_out: Mapping[str, str], now: datetime) -> pa.Table:
    """Return rows of the table ``model``."""
    told = {name: quality.told(one) for part in found for name, one in part.quality.items()}
    told[LEFT_OUT] = quality.told(left_out)
    columns = {
        "name": list(told),
        "told": list(told.values()),
        "computed_at": [now] * len(told),
    }
    return pa.table(columns, SCHEMAS["model"].to_pyarrow().remove_metadata())


def _tables(engine: BaseBackend) -> Tables:
    return {name: engine.table(name) for name in SCHEMAS}


def _results(
    tables: Tables, computed: Mapping[str, Compute], now: datetime
) -> tuple[list[Part], dict[str, str]]:
    found: list[Part] = []
    left_out: dict[str, str] = {}
    for name, compute in computed.items():
        try:
            part = compute(tables, now)
        except InvalidError as error:
            left_out[name] = str(error)
        else:
            found.append(part)
            left_out |= part.left_out
    return found, left_out


def is_scored(warehouse: Warehouse, person_id: str) -> bool:
    """Say whether somebody has scores."""
    try:
        with warehouse.reading() as engine:
            score = engine.table("score")
            return bool(score.filter(score.person_id == person_id).count().to_pyarrow().as_py())
    except (NotFoundError, TableNotFound):
        return False


def scored_at(warehouse: Warehouse) -> datetime | None:
    """Return when everybody was scored last; None if never."""
    try:
        with warehouse.reading() as engine:
            at = engine.table("score").computed_at.max().to_pyarrow().as_py()
    except (NotFoundError, TableNotFound):
        return None
    return at.replace(tzinfo=UTC) if at else None
