"""Groups are found, told in words, and keep their labels; rules say what a tree saw."""

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.insight.clusters import Features, cluster, encode
from analytics.insight.rules import Condition, tree_rules
from desk.errors import InvalidError

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 40.0]])


def _blobs(seed: int, each: int = 200) -> tuple[Features, NDArray[np.int64]]:
    chance = np.random.default_rng(seed)
    rows = np.repeat(np.arange(3), each)
    values = CENTRES[rows] + chance.normal(0, [0.7, 2.5], (len(rows), 2))
    return encode({"visits": values[:, 0].tolist(), "money": values[:, 1].tolist()}), rows


def test_the_groups_that_are_there_are_found() -> None:
    features, truth = _blobs(1)
    found = cluster(features)
    assert len(found.centres) == 3
    assert found.silhouette == max(found.silhouettes.values()) > 0.6
    assert found.centres == pytest.approx(CENTRES, abs=0.6)
    for label in range(3):
        assert len(np.unique(truth[found.labels == label])) == 1
    assert "high money" in found.names[2]
    assert "low" in found.names[0]


def test_labels_stay_from_one_refresh_to_the_next() -> None:
    first = cluster(_blobs(1)[0])
    shuffled = first.centres[[2, 0, 1]]
    again = cluster(_blobs(2)[0], groups=3, earlier=shuffled)
    assert again.centres == pytest.approx(shuffled, abs=1)
    more = cluster(_blobs(2)[0], groups=3, earlier=first.centres[:2])
    assert more.centres[:2] == pytest.approx(first.centres[:2], abs=1)


def test_words_get_columns_of_their_own_and_rows_that_lack_a_value_are_left_out() -> None:
    found = encode(
        {
            "city": ["Ulm", "Bonn", None, "Ulm", "Bonn"],
            "age": [1, 2, 3, float("nan"), 5],
            "same": [1, 1, 1, 1, 1],
        }
    )
    assert set(found.names) == {"city Ulm", "city Bonn", "age"}
    assert found.kept.tolist() == [0, 1, 4]
    assert found.left_out == 2
    many = encode({"city": [f"c{n % 40}" for n in range(400)]})
    assert len(many.names) == 13
    assert many.names[-1] == "city other"


@pytest.mark.parametrize(
    ("columns", "groups", "words"),
    [
        ({"a": [1, 1, 1]}, None, "same for everybody"),
        ({"a": [None, None]}, None, "no row"),
        ({"a": [1, 2]}, None, "fewer than 3"),
        ({"a": [1, 2, 3]}, 5, "choose 2 to 3"),
        ({"a": [1, 2, 3]}, 1, "choose 2 to 3"),
    ],
)
def test_what_has_no_groups_is_refused(
    columns: dict[str, list[object]], groups: int | None, words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        cluster(encode(columns), groups=groups)


def test_rules_say_who_belongs() -> None:
    features, truth = _blobs(3)
    rules = tree_rules(features.values, truth, features.names, depth=2)
    assert {rule.label for rule in rules} == {0, 1, 2}
    assert sum(rule.rows for rule in rules) == len(truth)
    for rule in rules:
        inside = np.ones(len(truth), bool)
        for one in rule.conditions:
            column = features.values[:, features.names.index(one.feature)]
            inside &= (one.low is None) | (column > (one.low or 0))
            inside &= (one.high is None) | (column <= (one.high or 0))
        assert inside.sum() == rule.rows
        assert (truth[inside] == rule.label).mean() == pytest.approx(rule.purity)
        assert rule.coverage == pytest.approx(rule.rows / len(truth))
        assert rule.purity > 0.95


def test_conditions_in_words() -> None:
    assert str(Condition(feature="money", low=None, high=3)) == "money <= 3"
    assert str(Condition(feature="money", low=3, high=None)) == "money > 3"
    assert str(Condition(feature="money", low=1, high=3)) == "1 < money <= 3"
