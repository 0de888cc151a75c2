"""What models read and say, on every engine: features, encoded columns, scores as scikit-learn gives them."""

from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from analytics.insight.predict import compiled, encoding, features, outcomes, potential
from analytics.insight.predict.calibration import Calibration
from analytics.insight.predict.features import Tables
from analytics.insight.predict.models import predicted
from analytics.warehouse.tables import SCHEMAS
from tests.engines.conftest import put
from tests.insight.predict import shop
from tests.insight.predict.test_compiled import FEATURES, _matrix, _rows

AS_OF = shop.FIRST + timedelta(days=400)
HORIZON = timedelta(days=90)
MODELS = [
    make_pipeline(StandardScaler(), LogisticRegression()),
    LinearRegression(),
    DecisionTreeClassifier(max_depth=6, random_state=0),
    RandomForestClassifier(6, max_depth=4, random_state=0),
    RandomForestRegressor(6, max_depth=4, random_state=0),
]


def _tables(engine: BaseBackend) -> Tables:
    data = shop.made(40)
    odd = {"order_number": "odd", "person_id": "p:odd", "placed_at": AS_OF, "amount": 1.0}
    data["person"] += [{"person_id": "p:odd", "created_at": None}, {"person_id": "p:none"}]
    data["purchase"] += [odd, odd | {"placed_at": AS_OF - timedelta(days=30), "status": None}]
    return {
        name: put(
            engine,
            name,
            pa.Table.from_pylist(data[name], shop._nullable(schema.to_pyarrow())),
        )
        for name, schema in SCHEMAS.items()
    }


def _same(found: pa.Table, wanted: pa.Table, key: list[str]) -> None:
    assert found.schema.names == wanted.schema.names
    order = [(name, "ascending") for name in key]
    rows, others = (one.sort_by(order).to_pylist() for one in (found, wanted))
    assert len(rows) == len(others)
    for row, other in zip(rows, others, strict=True):
        for name, value in row.items():
            if isinstance(value, float) and other[name] is not None:
                assert value == pytest.approx(other[name], rel=1e-9, abs=1e-9), (name, row, other)
            else:
                assert value == other[name], (name, row, other)


def test_features_outcomes_and_potential(engine: BaseBackend) -> None:
    home = ibis.duckdb.connect()
    found, happened, told, groups = [], [], [], []
    for one in (home, engine):
        tables = _tables(one)
        known = features.people(tables, AS_OF)
        found.append(known.to_pyarrow())
        for outcome in (outcomes.CHURN, outcomes.RESPONSE, outcomes.VALUE):
            happened.append(outcome.happened(tables, AS_OF, AS_OF + HORIZON).to_pyarrow())
        groups.append(potential.similar(known))
        told.append(potential.potential(known, groups[0]).to_pyarrow())
    assert len(found[0]) > 30
    assert {"p:odd"} < set(found[0]["person_id"].to_pylist())
    _same(found[1], found[0], ["person_id"])
    for number in range(3):
        _same(happened[3 + number], happened[number], ["person_id"])
        assert 10 < len(happened[number]) < len(found[0])
    assert groups[1].encoding == groups[0].encoding
    assert groups[1].mean == pytest.approx(groups[0].mean)
    _same(told[1], told[0], ["person_id"])
    home.disconnect()


def test_scores_are_those_of_scikit_learn(engine: BaseBackend) -> None:
    learnt = _rows(1, 300, ("Ulm", "Bonn", "Köln", "O'Hara", None))
    rows = _rows(2, 300, ("Ulm", "Köln", "Paris", "", "O'Hara", "back\\slash", None))
    found = encoding.fit(put(engine, "learnt", learnt), FEATURES)
    assert {one.name for one in found.features} == set(FEATURES)
    values, asked = (_matrix(found, one.to_pylist()) for one in (learnt, rows))
    target = (values[:, 0] + 5 * values[:, 2] > 9).astype(float)
    table = put(engine, "scored", rows)
    compared = 0
    for model in MODELS:
        model.fit(values, target)
        teaches: list[Calibration | None] = [None]
        if hasattr(model, "predict_proba"):
            teaches.append(Calibration(slope=0.8, shift=-0.3))
        for one in teaches:
            want = predicted(model, asked)
            want = want if one is None else one.apply(want)
            told = compiled.scores(table, found, model, keep=["n"], calibration=one)
            got = told.order_by("n").to_pyarrow()["score"].to_numpy()
            assert np.abs(got - want).max() < 1e-9, model
            assert len(np.unique(got)) > 1
            compared += 1
    assert compared == 8


def test_the_nearest_group_is_that_of_scikit_learn(engine: BaseBackend) -> None:
    learnt = _rows(1, 200, ("Ulm", "Bonn", None)).append_column("money_365", pa.array([1.0] * 200))
    table = put(engine, "learnt", learnt.append_column("person_id", learnt["n"]))
    found = encoding.fit(table, FEATURES)
    values = _matrix(found, learnt.to_pylist())
    model: Any = KMeans(4, random_state=0, n_init=1).fit(values)
    width = values.shape[1]
    groups = potential.Groups(
        encoding=found,
        mean=(0.0,) * width,
        spread=(1.0,) * width,
        centres=tuple(map(tuple, model.cluster_centers_.tolist())),
    )
    told = groups.nearest(table).order_by("person_id").to_pyarrow()["group"].to_pylist()
    assert told == model.predict(values).tolist()
    assert len(set(told)) == 4
