"""What a tree found becomes a segment where the features are the same things."""

import numpy as np

from analytics.insight.rules import Condition, Rule, tree_rules
from analytics.segments.rule import read
from analytics.segments.suggest import suggested
from analytics.segments.words import in_words


def _rule(*conditions: Condition) -> Rule:
    return Rule(conditions=conditions, label=1, rows=10, coverage=0.1, purity=0.9, recall=0.5)


def test_features_become_questions() -> None:
    found = suggested(
        _rule(
            Condition(feature="recency", low=None, high=30.5),
            Condition(feature="frequency", low=2.5, high=7.5),
            Condition(feature="money", low=99.99999, high=None),
            Condition(feature="churn", low=0.25, high=1.5),
            Condition(feature="shoe size", low=40, high=None),
        )
    )
    assert found is not None
    rule, left_out = found
    assert left_out == ("shoe size",)
    assert in_words(read(rule)) == (
        "Last bought at most 30.5 days ago and bought at least 3 times and bought at most 7 times"
        " and spent at least 99.9999 altogether and risk of leaving is at least 0.25"
    )


def test_nothing_that_matches_is_no_segment() -> None:
    assert suggested(_rule(Condition(feature="shoe size", low=1, high=None))) is None
    assert suggested(_rule()) is None


def test_every_rule_of_a_real_tree_can_be_read() -> None:
    dice = np.random.default_rng(1)
    values = np.column_stack(
        [dice.uniform(0, 400, 500), dice.integers(0, 9, 500), dice.random(500)]
    )
    labels = ((values[:, 0] < 60) & (values[:, 1] > 3) | (values[:, 2] > 0.8)).astype(np.int64)
    rules = tree_rules(values, labels, ["recency", "frequency", "churn"])
    assert len(rules) > 3
    for one in rules:
        found = suggested(one)
        assert found is not None
        assert found[1] == ()
        read(found[0])
