"""A made-up shop of any size for the bench of the analytics: people, orders, deeds, scores, matrices, models.

Everything is drawn at once in columns, written as Parquet and as the tables of the engine, and kept for the next run.
"""

import pickle
from datetime import UTC, datetime
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet as pq
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from analytics.warehouse.tables import SCHEMAS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = NOW.replace(tzinfo=None)
ENGINE = "analytics.duckdb"
_SEED = 7
_DAY = 86_400
_SECONDS = round(NOW.timestamp())
_COUNTRIES = np.array(["DE", "AT", "CH", "FR", "CN", "US"])
_DEEDS = np.array(["page_view", "email_open", "link_click"])
_WORDS = np.array(["champions", "loyal", "at risk", "lost"])
_MADE = ("person", "purchase", "activity", "score", "reach", "tag")
TABLES = (*_MADE, "purchase_line", "ticket", "feedback")
"""Those that are asked for; the last ones are empty."""
_TRAITS = 8
_LEARNT_FROM = 50_000

type Column = NDArray[np.float64]


def shop(folder: Path, customers: int, orders: int) -> Path:
    """Return the folder of a shop with so many customers, orders, and as many deeds; make it if it is not there."""
    at = folder / f"shop-{customers}-{orders}"
    if not (at / ENGINE).is_file():
        at.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(_SEED)
        people = pc.binary_join_element_wise(
            "c:", pa.array(np.arange(customers)).cast("string"), ""
        )
        _write(at, "person", _person(chance, people))
        _write(at, "purchase", _purchase(chance, people, orders))
        _write(at, "activity", _activity(chance, people, orders))
        for name, table in _known(chance, people).items():
            _write(at, name, table)
        _into_engine(at)
    return at


def _person(chance: np.random.Generator, people: pa.Array) -> dict[str, object]:
    size = len(people)
    born = np.datetime64("1940-01-01") + chance.integers(0, 25_000, size)
    return {
        "person_id": people,
        "customer_id": pc.utf8_slice_codeunits(people, 2),
        "name": pc.binary_join_element_wise("N. ", people, ""),
        "language": pa.repeat("en", size),
        "born": pa.array(born),
        "country": pa.array(_COUNTRIES[chance.integers(0, len(_COUNTRIES), size)]),
        "created_at": _times(np.full(size, _SECONDS - 1_000 * _DAY)),
    }


def _purchase(chance: np.random.Generator, people: pa.Array, orders: int) -> dict[str, object]:
    """Let some buy often and some once, from when they came until they stayed away; in the order of time."""
    who, seconds = _who_when(chance, len(people), orders)
    spent = chance.lognormal(3, 0.7, len(people))[who] * chance.lognormal(0, 0.4, orders)
    return {
        "order_number": pc.binary_join_element_wise(
            "o", pa.array(np.arange(orders)).cast("string"), ""
        ),
        "person_id": people.take(pa.array(who)),
        "placed_at": _times(seconds),
        "status": pa.array(np.where(chance.random(orders) < 0.05, "cancelled", "delivered")),
        # Quarters add up exactly in any order: both sides have the same sums, and the same ties.
        "amount": np.round(4 * spent) / 4,
        "currency": pa.repeat("EUR", orders),
    }


def _who_when(
    chance: np.random.Generator, customers: int, orders: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    weight = chance.gamma(0.8, size=customers)
    counts = chance.multinomial(orders - customers, weight / weight.sum()) + 1
    came = chance.uniform(0, 700, customers)
    stayed = np.minimum(chance.exponential(400, customers), 730 - came)
    who = np.repeat(np.arange(customers), counts)
    days = came[who] + stayed[who] * chance.random(orders)
    seconds = _SECONDS - np.round((731 - days) * _DAY).astype(np.int64)
    order = np.argsort(seconds, kind="stable")
    return who[order], seconds[order]


def _activity(chance: np.random.Generator, people: pa.Array, deeds: int) -> dict[str, object]:
    who, _ = _who_when(chance, len(people), deeds)
    seconds = np.sort(chance.integers(_SECONDS - 365 * _DAY, _SECONDS, deeds))
    return {
        "activity_id": pc.binary_join_element_wise(
            "a", pa.array(np.arange(deeds)).cast("string"), ""
        ),
        "person_id": people.take(pa.array(chance.permutation(who))),
        "name": pa.array(_DEEDS[chance.integers(0, len(_DEEDS), deeds)]),
        "occurred_at": _times(seconds),
        "channel": pa.repeat("email", deeds),
    }


def _known(chance: np.random.Generator, people: pa.Array) -> dict[str, dict[str, object]]:
    size = len(people)
    words = pa.array(_WORDS[chance.integers(0, len(_WORDS), size)])
    return {
        "score": {
            "person_id": pa.concat_arrays([people, people]),
            "name": pa.concat_arrays([pa.repeat("churn", size), pa.repeat("rfm", size)]),
            "value": np.append(np.round(chance.random(size), 3), np.zeros(size)),
            "word": pa.concat_arrays([pa.nulls(size, pa.string()), words]),
            "computed_at": _times(np.full(2 * size, _SECONDS)),
        },
        "reach": {
            "person_id": people,
            "channel": pa.repeat("email", size),
            "reachable": chance.random(size) < 0.5,
        },
        "tag": {
            "person_id": people.filter(pa.array(chance.random(size) < 0.1)),
            "tag": "blocked",
        },
    }


def _times(seconds: NDArray[np.int64]) -> pa.Array:
    return pa.array(seconds).cast(pa.timestamp("s")).cast(pa.timestamp("us"))


def _write(folder: Path, name: str, columns: dict[str, object]) -> None:
    schema = SCHEMAS[name].to_pyarrow().remove_metadata()
    size = max(len(one) for one in columns.values() if not isinstance(one, str))  # type: ignore[arg-type]
    whole = {
        field.name: pa.nulls(size, field.type)
        if (values := columns.get(field.name)) is None
        else pa.repeat(values, size)
        if isinstance(values, str)
        else pa.array(values)
        for field in schema
    }
    pq.write_table(pa.table(whole).cast(schema), folder / f"{name}.parquet")


def _into_engine(folder: Path) -> None:
    """Write the tables as the product keeps them."""
    unready = folder / f"{ENGINE}.next"
    unready.unlink(missing_ok=True)
    engine = ibis.duckdb.connect(unready)
    for name in TABLES:
        engine.create_table(name, schema=SCHEMAS[name])
        if name in _MADE:
            engine.insert(name, engine.read_parquet(folder / f"{name}.parquet"))
    engine.disconnect()
    unready.replace(folder / ENGINE)


def buyers(folder: Path, customers: int) -> Path:
    """Return a file with ``frequency``, ``recency`` and ``age`` in weeks of customers who keep to BG/NBD."""
    path = folder / f"buyers-{customers}.parquet"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(_SEED)
        rate = chance.gamma(0.243, 1 / 4.414, customers)
        leaves = chance.beta(0.793, 2.426, customers)
        days = chance.integers(27 * 7, 39 * 7 + 1, customers)
        pq.write_table(pa.table(_bought(chance, rate, leaves, days)), path)
    return path


def _bought(
    chance: np.random.Generator, rate: Column, leaves: Column, days: NDArray[np.int64]
) -> dict[str, Column]:
    """Let everybody buy until they leave or the time is over; what falls on one day is one purchase."""
    now, last, count = np.zeros(len(rate)), np.zeros(len(rate)), np.zeros(len(rate))
    here = np.flatnonzero(rate > 0)
    while len(here):
        now[here] += chance.exponential(7 / rate[here])
        here = here[np.ceil(now[here]) <= days[here]]
        day = np.ceil(now[here])
        count[here] += day > last[here]
        last[here] = day
        here = here[chance.random(len(here)) >= leaves[here]]
    return {"frequency": count, "recency": last / 7, "age": days / 7}


def blobs(folder: Path, rows: int) -> Path:
    """Return a matrix of ten columns in which there are five groups."""
    path = folder / f"blobs-{rows}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(_SEED)
        centres = chance.uniform(-6, 6, (5, 10))
        which = chance.choice(5, rows, p=(0.35, 0.25, 0.2, 0.15, 0.05))
        values = (centres[which] + chance.normal(0, 1.5, (rows, 10))) * np.arange(1, 11)
        np.save(path, values)
    return path


def cases(folder: Path, rows: int) -> Path:
    """Return a folder with rows to be scored, as Parquet and in the engine, and models that have learnt from some."""
    at = folder / f"cases-{rows}"
    if not (at / ENGINE).is_file():
        at.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(_SEED)
        # In single precision, so that scikit-learn's trees, which read that alone, see the same numbers.
        values = chance.gamma(2, 10, (rows, _TRAITS)).astype(np.float32).astype(np.float64)
        _train(at, chance, values[:_LEARNT_FROM])
        columns = {f"x{n}": values[:, n] for n in range(_TRAITS)}
        pq.write_table(pa.table({"row": np.arange(rows)} | columns), at / "cases.parquet")
        unready = at / f"{ENGINE}.next"
        unready.unlink(missing_ok=True)
        engine = ibis.duckdb.connect(unready)
        engine.create_table("cases", engine.read_parquet(at / "cases.parquet"))
        engine.disconnect()
        unready.replace(at / ENGINE)
    return at


def _train(folder: Path, chance: np.random.Generator, values: Column) -> None:
    odds = (values[:, 0] - values[:, 1]) / 10 + np.sin(values[:, 2] / 5) - (values[:, 3] > 25)
    target = chance.random(len(values)) < 1 / (1 + np.exp(-odds))
    # The sizes that the product makes, see analytics.insight.predict.models.
    models = {
        "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        "tree": DecisionTreeClassifier(max_depth=5, min_samples_leaf=500, random_state=0),
        "forest": RandomForestClassifier(
            n_estimators=32, max_depth=6, min_samples_leaf=20, max_samples=20_000, random_state=0
        ),
    }
    for name, model in models.items():
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(model.fit(values, target)))
