"""Encoding, leaks, drivers and the choice of a model."""

import ibis
import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from analytics.insight.predict import amount, drivers, encoding, leaks, measures, response, rows
from analytics.insight.predict.rows import Rows
from desk.errors import InvalidError

SIZE = 1_500


def _table(seed: int = 3) -> pa.Table:
    chance = np.random.default_rng(seed)
    visits, city = chance.normal(size=SIZE), chance.integers(0, 3, SIZE)
    rare = np.array(["x", "y"])[chance.integers(0, 2, SIZE)].astype(object)
    rare[:3] = ["once", "twice", "thrice"]
    odds = 1.0 * visits + 1.5 * (city == 1) - 0.5
    target = (chance.random(SIZE) < 1 / (1 + np.exp(-odds))).astype(float)
    return pa.table(
        {
            "visits": visits,
            "twin": visits * 2 + 1,
            "city": np.array(["Ulm", "Bonn", "Hof"])[city],
            "rare": pa.array(rare.tolist()),
            "known_later": pa.array(np.where(target > 0, 1.0, np.nan), from_pandas=True),
            "copy": np.array(["lost", "won"])[target.astype(int)],
            "name": [f"person {n}" for n in range(SIZE)],
            "order_id": np.arange(SIZE),
            "empty": pa.nulls(SIZE, pa.string()),
            "at": np.arange(SIZE).astype("datetime64[s]"),
            "target": target,
        }
    )


def _rows(*names: str, timed: bool = False) -> Rows:
    table = ibis.duckdb.connect().create_table("t", _table())
    found = encoding.fit(table, names)
    return rows.read(table, found, target="target", at="at" if timed else None)


def test_what_says_nothing_is_left_out_and_rare_words_are_joined() -> None:
    read = _rows("visits", "rare", "name", "order_id", "empty", "at", "city")
    reasons = {one.feature: one.reason for one in read.encoding.left_out}
    assert set(reasons) == {"name", "order_id", "empty", "at"}
    assert "no value" in reasons["empty"]
    assert "dates" in reasons["at"]
    names = [part.name for part in read.encoding.parts]
    assert names[0] == "visits"
    assert set(names[1:4]) == {"rare = x", "rare = y", "rare = another"}
    assert len(names) == read.values.shape[1] == 7
    assert read.values[:, 3].sum() == 3


def test_a_sample_is_the_same_every_time_and_about_as_large_as_asked() -> None:
    table = ibis.duckdb.connect().create_table("t", pa.table({"n": np.arange(50_000)}))
    found = rows.sample(table, 0.1).to_pyarrow()["n"].to_numpy()
    assert len(found) == pytest.approx(5_000, rel=0.05)
    assert np.array_equal(found, rows.sample(table, 0.1).to_pyarrow()["n"].to_numpy())
    assert found.mean() == pytest.approx(25_000, rel=0.03)


def test_leaks_are_found_by_value_by_word_and_by_absence() -> None:
    found = leaks.of_classes(_rows("visits", "known_later", "copy", "city"))
    assert {one.feature for one in found} == {"known_later", "copy"}
    reasons = {one.feature: one.reason for one in found}
    assert "filled in" in reasons["known_later"]
    assert "perfectly" in reasons["copy"]


def test_odds_ratios_are_those_of_the_largest_likelihood() -> None:
    read = _rows("visits", "city")
    found = {one.name: one for one in drivers.odds_ratios(read)}
    assert len(found) == 3, "the commonest city is what others are compared with"
    visits = read.values[:, 0]
    others = [n for n, part in enumerate(read.encoding.parts) if part.name in found]
    design = read.values[:, others].copy()
    design[:, 0] = (visits - visits.mean()) / visits.std()
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1_000).fit(design, read.target)
    ratios = [found[read.encoding.parts[n].name].ratio for n in others]
    assert ratios == pytest.approx(np.exp(model.coef_[0]).tolist(), rel=1e-4)
    # The interval holds what the data were made with: one standard deviation is worth exp(1).
    low, high = found["visits"].low, found["visits"].high
    assert low is not None
    assert high is not None
    assert low < np.e < high
    assert np.log(high) - np.log(low) == pytest.approx(2 * 1.96 * 0.065, rel=0.15)


def test_columns_that_say_the_same_and_those_that_separate() -> None:
    names = {one.name for one in drivers.odds_ratios(_rows("visits", "twin"))}
    assert names == {"visits"}
    (one,) = drivers.odds_ratios(_rows("copy"))
    assert one.low is None
    assert one.ratio > 1_000 or one.ratio < 1 / 1_000


def test_the_best_by_time_is_taken_and_the_same_every_time() -> None:
    read = _rows("visits", "city", timed=True)
    one, two = response.train(read), response.train(read)
    assert one.quality == two.quality
    assert one.model.name == "logistic regression", "it was made so"
    assert one.quality.auc_low < measures.auc(read.target, read.values[:, 0]) + 0.2
    assert one.test.min() == SIZE - len(one.test), "the last rows by time"
    # The model whose quality is told has not seen them.
    twisted = read.target.copy()
    twisted[one.test] = 1 - twisted[one.test]
    other = response.train(
        Rows(encoding=read.encoding, values=read.values, target=twisted, at=read.at, of=SIZE)
    )
    assert other.quality.auc == pytest.approx(1 - one.quality.auc, abs=1e-9)


def test_importance_of_what_matters() -> None:
    read = _rows("visits", "city", "rare")
    found = response.train(read)
    told = drivers.importance(
        read.encoding,
        read.values[found.test],
        read.target[found.test],
        measures.auc,
        found.tried_model.chance,
    )
    assert [one.feature for one in told] == ["visits", "city", "rare"]
    assert told[1].loss > 0.02 > abs(told[2].loss)


def test_rules_say_how_often_it_happened() -> None:
    read = _rows("visits", "city")
    found = drivers.rules(read)
    assert sum(one.coverage for one in found) == pytest.approx(1)
    assert sum(one.found for one in found) == pytest.approx(1)
    assert [one.rate for one in found] == sorted((one.rate for one in found), reverse=True)
    for one in found:
        assert one.purity == pytest.approx(max(one.rate, 1 - one.rate))
        assert one.lift == pytest.approx(one.rate / read.target.mean())
    assert any("city is Bonn" in one.rule for one in found)
    assert any("city is not Bonn" in one.rule for one in found)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (np.zeros(SIZE), "same in every row"),
        (np.arange(SIZE) < 4, "4 rows of one kind"),
    ],
)
def test_what_cannot_be_learnt_is_refused(target: np.ndarray, words: str) -> None:
    read = _rows("visits")
    bad = Rows(
        encoding=read.encoding, values=read.values, target=target.astype(float), at=None, of=SIZE
    )
    with pytest.raises(InvalidError, match=words):
        response.train(bad)
    if not target.any():
        with pytest.raises(InvalidError, match=words):
            amount.train(bad)
