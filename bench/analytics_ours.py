"""Our side of the bench of the analytics: what the product calls, on the product's tables."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr.types import Table
from pyarrow import parquet as pq

from analytics.engine import kept
from analytics.insight import purchases, rfm
from analytics.insight.clusters import Features, cluster
from analytics.insight.predict import features
from analytics.insight.predict.compiled import scores
from analytics.insight.predict.encoding import Encoding, Number
from analytics.insight.purchases import History
from analytics.insight.scoring.shop import purchases_of
from analytics.segments.compile import members
from analytics.segments.rule import read
from bench.analytics_child import Work, main
from bench.analytics_data import ENGINE, MOMENT, NOW, TABLES
from bench.segments import TEN


def _engine(folder: Path) -> BaseBackend:
    return ibis.duckdb.connect(folder / ENGINE, read_only=True)


def _tables(folder: Path) -> dict[str, Table]:
    engine = _engine(folder)
    return {name: engine.table(name) for name in TABLES}


def _rfm(tables: dict[str, Table]) -> pa.Table:
    return rfm.scored(rfm.features(purchases_of(tables, MOMENT), MOMENT)).to_pyarrow()


def _features(tables: dict[str, Table]) -> pa.Table:
    return features.people(tables, MOMENT).to_pyarrow()


def _segment(tables: dict[str, Table]) -> pa.Table:
    return members(read(TEN), tables, NOW).to_pyarrow()


def _keep_table(found: pa.Table, out: Path) -> Mapping[str, Any]:
    pq.write_table(found, out)
    return {"rows": len(found)}


def _bought(path: Path) -> tuple[Any, ...]:
    found = pq.read_table(path)
    return tuple(found[name].to_numpy() for name in ("frequency", "recency", "age"))


def _fit(columns: tuple[Any, ...]) -> tuple[History, Any]:
    history = History.of(*columns)
    return history, purchases.fit(history)


def _keep_model(found: tuple[History, Any], _: Path) -> Mapping[str, Any]:
    history, model = found
    names = ("r", "alpha", "a", "b")
    likelihood = model.log_likelihood(history)
    return {name: getattr(model, name) for name in names} | {"log_likelihood": likelihood}


def _matrix(path: Path) -> Features:
    values = np.load(path)
    names = tuple(f"x{n}" for n in range(values.shape[1]))
    return Features(names=names, values=values, kept=np.arange(len(values)), left_out=0)


def _keep_labels(found: Any, out: Path) -> Mapping[str, Any]:
    np.save(out, found.labels)
    return {"groups": len(found.centres)}


def _score(name: str) -> Work:
    def load(folder: Path) -> tuple[Table, Any]:
        model = pickle.loads((folder / f"{name}.pickle").read_bytes())  # noqa: S301 - our own
        return _engine(folder).table("cases"), model

    def do(held: tuple[Table, Any]) -> Table:
        cases, model = held
        columns = [Number(name=one, middle=0.0, missing=0) for one in cases.columns[1:]]
        return kept(scores(cases, Encoding(features=tuple(columns)), model, keep=["row"]))

    return Work(load, do, _keep_scores)


def _keep_scores(found: Table, out: Path) -> Mapping[str, Any]:
    ordered = found.order_by("row").score.to_pyarrow().to_numpy()
    np.save(out, ordered)
    return {"rows": len(ordered)}


def _asked(do: Callable[[dict[str, Table]], pa.Table]) -> Work:
    return Work(_tables, do, _keep_table)


WORKS: Mapping[str, Work] = {
    "rfm": _asked(_rfm),
    "features": _asked(_features),
    "segment": _asked(_segment),
    "bgnbd": Work(_bought, _fit, _keep_model),
    "clusters": Work(_matrix, lambda held: cluster(held, seed=1), _keep_labels),
    "score-linear": _score("linear"),
    "score-tree": _score("tree"),
    "score-forest": _score("forest"),
}

if __name__ == "__main__":
    main(WORKS)
