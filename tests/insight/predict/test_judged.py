"""What is kept of a model is what scikit-learn says of the same predictions."""

from datetime import timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from analytics.insight import quality
from analytics.insight.predict import amount, encoding, judged, response, rows
from analytics.insight.predict.rows import Rows

_SIZE = 1_600
_HORIZON = timedelta(days=90)


def _rows(target: str) -> Rows:
    chance = np.random.default_rng(11)
    visits, orders = chance.normal(size=_SIZE), chance.poisson(2.0, _SIZE).astype(float)
    city = chance.integers(0, 3, _SIZE)
    odds = 0.9 * visits - 0.7 * orders + 1.2 * (city == 1) + 0.8
    table = pa.table(
        {
            "visits": visits,
            "orders": orders,
            "city": np.array(["Ulm", "Bonn", "Hof"])[city],
            "noise": chance.normal(size=_SIZE),
            "at": np.repeat(np.arange(4) * 86_400, _SIZE // 4).astype("datetime64[s]"),
            "left": (chance.random(_SIZE) < 1 / (1 + np.exp(-odds))).astype(float),
            "spent": np.maximum(0, 20 + 9 * orders + 6 * visits + chance.normal(size=_SIZE) * 8),
        }
    )
    held = ibis.duckdb.connect().create_table("t", table)
    found = encoding.fit(held, ["visits", "orders", "city", "noise"])
    return rows.read(held, found, target=target, at="at")


def test_chances_are_judged_as_scikit_learn_does() -> None:
    read = _rows("left")
    found = response.train(read)
    kept = judged.chance(read, found, _HORIZON)
    actual = read.target[found.test]
    chance = found.tried_model.chance(read.values[found.test])
    told = kept.measures
    assert (told.rows, kept.learnt_from, kept.moments) == (_SIZE // 4, _SIZE, 4)
    assert told.auc == pytest.approx(roc_auc_score(actual, chance))
    assert told.average_precision == pytest.approx(average_precision_score(actual, chance))
    assert told.brier == pytest.approx(brier_score_loss(actual, chance))
    assert told.auc_low < told.auc < told.auc_high
    best = np.argsort(-chance, kind="stable")[: _SIZE // 40]
    assert told.lift[0].lift == pytest.approx(actual[best].mean() / actual.mean(), rel=0.05)
    assert sum(one.rows for one in told.calibration) == len(actual)
    assert sum(one.rows * one.actual for one in told.calibration) == pytest.approx(actual.sum())
    assert sum(one.rows * one.predicted for one in told.calibration) == pytest.approx(chance.sum())
    assert all(one.by_time is not None for one in kept.trials)
    assert {"visits", "orders", "city"} <= {one.feature for one in kept.drivers}


def test_drivers_are_what_scikit_learn_loses() -> None:
    read = _rows("left")
    found = response.train(read)
    kept = judged.chance(read, found, _HORIZON)
    model, values = found.tried_model, read.values[found.test]
    numbers = [
        n for n, part in enumerate(read.encoding.parts) if part.feature in {"visits", "orders"}
    ]

    def auc(_: object, values: np.ndarray, actual: np.ndarray) -> float:
        return float(roc_auc_score(actual, model.chance(values)))

    theirs = permutation_importance(
        LogisticRegression(),
        values,
        read.target[found.test],
        scoring=auc,
        n_repeats=20,
        random_state=1,
    )
    mine = {one.feature: one.loss for one in kept.drivers}
    for n in numbers:
        name = read.encoding.parts[n].feature
        assert mine[name] == pytest.approx(theirs.importances_mean[n], abs=0.02), name


def test_odds_are_those_of_an_unpenalised_logistic_regression() -> None:
    read = _rows("left")
    kept = judged.chance(read, response.train(read), _HORIZON)
    names = {one.feature for one in kept.odds if one.kind == "number"}
    columns = [
        n
        for n, part in enumerate(read.encoding.parts)
        if part.feature in names or (part.feature == "city" and part.word != _commonest(read))
    ]
    values = read.values[:, columns]
    spread = np.array(
        [
            values[:, k].std() if read.encoding.parts[n].feature in names else 1.0
            for k, n in enumerate(columns)
        ]
    )
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000).fit(
        values / spread, read.target
    )
    expected = {
        (read.encoding.parts[n].feature, read.encoding.parts[n].word): ratio
        for n, ratio in zip(columns, np.exp(theirs.coef_[0]), strict=True)
    }
    assert kept.odds
    for one in kept.odds:
        assert one.ratio == pytest.approx(expected[one.feature, one.word], rel=1e-3)
        assert one.low < one.ratio < one.high


def _commonest(read: Rows) -> str:
    return next(part.word for part in read.encoding.parts if part.feature == "city")


def test_money_is_judged_as_scikit_learn_does() -> None:
    read = _rows("spent")
    found = amount.train(read)
    kept = judged.amount(read, found, _HORIZON)
    actual = read.target[found.test]
    guess = found.tried_model.amount(read.values[found.test])
    assert kept.errors.mean_absolute == pytest.approx(mean_absolute_error(actual, guess))
    assert kept.errors.root_mean_square == pytest.approx(mean_squared_error(actual, guess) ** 0.5)
    assert kept.errors.explained == pytest.approx(r2_score(actual, guess))
    assert kept.errors.mean_absolute < kept.of_mean.mean_absolute
    assert kept.drivers[0].feature in {"orders", "visits"}


def test_what_is_kept_is_read_back() -> None:
    read = _rows("left")
    kept = judged.chance(read, response.train(read), _HORIZON)
    money = _rows("spent")
    spent = judged.amount(money, amount.train(money), _HORIZON)
    told = {"churn": quality.told(kept), "value": quality.told(spent), "clv": '{"people": 3}'}
    told[quality.LEFT_OUT] = quality.told({"response": "too few"})
    found = quality.read(told)
    assert found == {"churn": kept, "value": spent}, "what an older version wrote is left out"
    assert quality.reasons(told) == {"response": "too few"}
    assert all(one.tests for one in kept.rules)
