"""The engine's expression gives what scikit-learn gives."""

from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from analytics.insight.predict import compiled, encoding
from analytics.insight.predict.calibration import Calibration
from analytics.insight.predict.encoding import Encoding, Number
from analytics.insight.predict.models import Matrix, predicted
from desk.errors import InvalidError

FEATURES = ("amount", "visits", "member", "city")
MODELS = [
    make_pipeline(StandardScaler(), LogisticRegression()),
    LogisticRegression(),
    LinearRegression(),
    make_pipeline(StandardScaler(), Ridge()),
    DecisionTreeClassifier(max_depth=6, random_state=0),
    DecisionTreeRegressor(max_depth=6, random_state=0),
    RandomForestClassifier(12, max_depth=5, random_state=0),
    RandomForestRegressor(12, max_depth=5, random_state=0),
]


def _rows(seed: int, count: int, cities: tuple[str | None, ...]) -> pa.Table:
    chance = np.random.default_rng(seed)
    amount = np.where(chance.random(count) < 0.1, np.nan, chance.normal(0, 10, count))
    amount[:2] = [np.inf, -np.inf]
    visits = [None if chance.random() < 0.1 else int(chance.integers(0, 9)) for _ in range(count)]
    member = [None if chance.random() < 0.1 else bool(chance.random() < 0.5) for _ in range(count)]
    city = [cities[n] for n in chance.integers(len(cities), size=count)]
    return pa.table(
        {
            "n": np.arange(count),
            "amount": pa.array(amount),
            "visits": pa.array(visits, pa.int64()),
            "member": pa.array(member, pa.bool_()),
            "city": pa.array(city, pa.string()),
        }
    )


def _matrix(found: Encoding, rows: list[dict[str, Any]]) -> Matrix:
    """Encode in plain Python: what the definition says, written a second time."""
    lines = []
    for row in rows:
        line: list[float] = []
        for one in found.features:
            value = row[one.name]
            if isinstance(one, Number):
                unknown = value is None or not np.isfinite(value)
                line += [one.middle if unknown else float(value)]
                line += [float(unknown)] if one.missing else []
                continue
            line += [float(value == word) for word in one.common]
            line += [float(value is not None and value not in one.common)] if one.other else []
            line += [float(value is None)] if one.missing else []
        lines.append(line)
    return np.array(lines)


@pytest.mark.parametrize("model", MODELS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("calibration", [None, Calibration(slope=0.8, shift=-0.3)])
def test_equal_to_scikit_learn(model: Any, calibration: Calibration | None) -> None:
    learnt = _rows(1, 400, ("Ulm", "Bonn", "Köln", "O'Hara", None))
    engine = ibis.duckdb.connect()
    found = encoding.fit(engine.create_table("learnt", learnt), FEATURES)
    assert {one.name for one in found.features} == set(FEATURES)
    values = _matrix(found, learnt.to_pylist())
    target = (values[:, 0] + 5 * values[:, 2] > 9).astype(float)
    model.fit(values, target)

    # The rows to score have words that nobody had seen, and more that is missing.
    rows = _rows(2, 1_000, ("Ulm", "Köln", "Paris", "", "O'Hara", None))
    want = predicted(model, _matrix(found, rows.to_pylist()))
    if calibration is not None:
        if not hasattr(model, "predict_proba"):
            return
        want = calibration.apply(want)
    table = engine.create_table("scored", rows)
    told = compiled.scores(table, found, model, keep=["n"], calibration=calibration)
    got = told.order_by("n").to_pyarrow()["score"].to_numpy()
    assert np.abs(got - want).max() < 1e-9
    assert len(np.unique(got)) > 1


@given(st.floats(-1e6, 1e6), st.integers(-3, 3))
def test_the_cut_is_where_single_precision_cuts(threshold: float, steps: int) -> None:
    edge = compiled.cut(threshold)
    near = edge
    for _ in range(abs(steps)):
        near = float(np.nextafter(near, np.inf if steps > 0 else -np.inf))
    assert (near <= edge) == bool(float(np.float32(near)) <= threshold)


@pytest.mark.parametrize(
    ("model", "classes", "words"),
    [
        (Perceptron(), 2, "a Perceptron cannot"),
        (DecisionTreeClassifier(), 3, "only models of two classes"),
        (make_pipeline(MinMaxScaler(), LogisticRegression()), 2, "a MinMaxScaler cannot"),
    ],
)
def test_what_cannot_be_compiled_is_refused(model: Any, classes: int, words: str) -> None:
    model.fit(np.arange(12.0)[:, None], np.arange(12) % classes)
    table = ibis.memtable({"x0": [1.0]})
    with pytest.raises(InvalidError, match=words):
        compiled.expression(model, [table.x0])


def test_expressions_do_not_explode() -> None:
    engine = ibis.duckdb.connect()
    learnt = _rows(1, 400, ("Ulm", "Bonn", None))
    table = engine.create_table("learnt", learnt)
    found = encoding.fit(table, FEATURES)
    values = _matrix(found, learnt.to_pylist())
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(values, values[:, 2] > np.median(values[:, 2]))
    told = compiled.scores(table, found, model, keep=["n"], calibration=Calibration())
    assert len(ibis.to_sql(told, dialect="duckdb")) < 6_000
