"""Uplift: measures as scikit-uplift has them, and models that find whom a treatment changes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklift.metrics import qini_auc_score, qini_curve, uplift_at_k, uplift_auc_score
from sklift.models import TwoModels

from analytics.experiments import qini, trials, uplift
from analytics.experiments.trials import Contacts
from desk.errors import InvalidError
from tests.experiments.published import QINI

# scikit-uplift 0.5 calls what scikit-learn 1.8 will take away; it is theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Function stable_cumsum is deprecated")


@pytest.mark.parametrize(("outcomes", "scores", "treated", "coefficient", "area"), QINI)
def test_published(
    outcomes: tuple[int, ...],
    scores: tuple[float, ...],
    treated: tuple[int, ...],
    coefficient: float,
    area: float,
) -> None:
    assert qini.qini_coefficient(outcomes, scores, treated) == pytest.approx(coefficient)
    assert qini.uplift_area(outcomes, scores, treated) == pytest.approx(area, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_measures_as_scikit_uplift(seed: int) -> None:
    chance = np.random.default_rng(seed)
    y, w = chance.integers(0, 2, 700), (chance.random(700) < 0.3).astype(int)
    # Many equal scores, none, and two only.
    score = [chance.integers(0, 9, 700), chance.normal(size=700), chance.integers(0, 2, 700)][
        seed % 3
    ]
    assert qini.qini_coefficient(y, score, w) == pytest.approx(qini_auc_score(y, score, w))
    assert qini.uplift_area(y, score, w) == pytest.approx(uplift_auc_score(y, score, w))
    curve = qini.qini_curve(y, score, w)
    wanted = qini_curve(y, score, w)
    assert curve.contacts == pytest.approx(wanted[0])
    assert curve.gained == pytest.approx(wanted[1])
    for share in (0.1, 0.2, 0.3):
        other = uplift_at_k(y, score, w, strategy="overall", k=share)
        assert qini.uplift_at(y, score, w, share) == pytest.approx(other)


def test_measures_at_the_edges() -> None:
    assert np.isnan(qini.qini_coefficient([0, 0], [1, 2], [0, 1]))
    assert np.isnan(qini.uplift_at([1, 0, 1, 0], [4, 3, 2, 1], [1, 1, 0, 0], 0.5))
    for columns in (([1, 0], [1, 2], [1, 1]), ([1, 0], [1], [0, 1]), ([1], [1, 2], [0, 1])):
        with pytest.raises(InvalidError):
            qini.qini_coefficient(*columns)
    with pytest.raises(InvalidError):
        qini.uplift_at([1, 0], [1, 2], [0, 1], 0.0)


@pytest.fixture(scope="module")
def contacts() -> Contacts:
    """Return contacts of whom many answer by themselves (first feature) and others because they are asked (second)."""
    chance = np.random.default_rng(3)
    x = chance.normal(size=(8_000, 4))
    w = (chance.random(8_000) < 0.4).astype(float)
    alone = 1 / (1 + np.exp(1.5 - 1.3 * x[:, 0]))
    rate = np.clip(alone + w * (0.05 + 0.09 * x[:, 1]), 0.001, 0.999)
    return Contacts(features=x, outcomes=(chance.random(8_000) < rate) * 1.0, treated=w)


def test_two_models_as_scikit_uplift(contacts: Contacts) -> None:
    def model() -> object:
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))

    other = TwoModels(model(), model(), method="vanilla")
    x, y, w = contacts.features, contacts.outcomes, contacts.treated
    other.fit(pd.DataFrame(x), pd.Series(y), pd.Series(w))
    found = uplift.two_models(x, y, w, 0)(x)
    assert found == pytest.approx(np.asarray(other.predict(pd.DataFrame(x))))


@pytest.mark.parametrize("name", ["two models", "transformed outcome"])
def test_scores_are_the_uplift(contacts: Contacts, name: str) -> None:
    x, y, w = contacts.features, contacts.outcomes, contacts.treated
    score = uplift.LEARNERS[name](x, y, w, 0)(x)
    assert score.mean() == pytest.approx(0.05, abs=0.025)
    best = score >= np.quantile(score, 0.8)
    assert x[best, 1].mean() > 1.0
    assert np.corrcoef(score, x[:, 1])[0, 1] > 0.7


def test_trials_find_the_better_way(contacts: Contacts) -> None:
    found = {one.name: one for one in trials.tried(contacts, trials.halves(contacts, range(3)))}
    response, chance = found["response only"], found["at random"]
    for name in ("two models", "transformed outcome"):
        assert len(found[name].qini) == 6
        assert trials.wins(found[name], response) == 1
        assert found[name].uplift.mean(axis=0)[0] > response.uplift.mean(axis=0)[0] + 0.03
        assert found[name].curve[0] == 0
    assert abs(chance.qini.mean()) < 0.02
    # Treating everybody gains the same whoever comes first.
    assert found["two models"].curve[-1] == pytest.approx(chance.curve[-1])
    assert chance.curve[-1] == pytest.approx(50, abs=15)


def test_without_uplift_no_way_wins(contacts: Contacts) -> None:
    chance = np.random.default_rng(5)
    alone = 1 / (1 + np.exp(1.5 - 1.3 * contacts.features[:, 0]))
    same = Contacts(
        features=contacts.features,
        outcomes=(chance.random(len(alone)) < alone) * 1.0,
        treated=contacts.treated,
    )
    for one in trials.tried(same, trials.halves(same, range(2))):
        assert abs(one.qini.mean()) < 0.03


def test_too_few_of_a_kind(contacts: Contacts) -> None:
    nobody = np.zeros_like(contacts.outcomes)
    with pytest.raises(InvalidError, match="not treated, with the outcome"):
        trials.halves(
            Contacts(features=contacts.features, outcomes=nobody, treated=contacts.treated), [0]
        )
    one_class = uplift.two_models(contacts.features, nobody, contacts.treated, 0)
    assert one_class(contacts.features[:3]).tolist() == [0, 0, 0]
    with pytest.raises(InvalidError):
        uplift.transformed_outcome(contacts.features, nobody, nobody, 0)
