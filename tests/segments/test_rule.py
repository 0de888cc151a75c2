"""Rules are read from JSON, refused with the place of what is wrong, and have one canonical form."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.segments.rule import All, Not, Some, parse, read
from desk.errors import InvalidError
from tests.segments.rules import LEAVES, RULES, Json

TAG = {"kind": "tag", "values": ["vip"]}
PERSON = {"kind": "person"}
BOUGHT = {"kind": "purchase"}

WRONG: list[tuple[Any, str]] = [
    (None, "where: None is no condition"),
    ({}, "where: write"),
    ({"all": [], "any": []}, "where: write"),
    ({"all": []}, "where.all: a group needs at least one"),
    ({"any": {}}, "where.any: a group needs at least one"),
    ({"all": [TAG, {"not": {"any": []}}]}, "where.all[2].not.any: a group needs"),
    ({"all": [TAG, {"any": [TAG, 3]}]}, "where.all[2].any[2]: 3 is no condition"),
    ({"kind": "moon"}, "where.kind: 'moon' is none of: person"),
    ({"kind": ["tag"]}, "where.kind:"),
    (TAG | {"more": 1}, "where.more: Extra inputs"),
    ({"kind": "tag", "values": []}, "where.values: Tuple should have at least 1"),
    (PERSON | {"field": "shoes", "op": "is", "value": "x"}, "where: field: 'shoes' is none of"),
    (
        PERSON | {"field": "born", "op": "contains", "value": "1"},
        "where: op: born cannot be asked",
    ),
    (PERSON | {"field": "born", "op": "before", "value": "soon"}, "'soon' is no date"),
    (PERSON | {"field": "country", "op": "is"}, "country is needs: value"),
    (PERSON | {"field": "country", "op": "known", "value": "DE"}, "country known takes no value"),
    (PERSON | {"field": "age", "op": "between", "low": 40, "high": 30}, "nobody is at least 40"),
    (PERSON | {"field": "age", "op": "between", "low": -1}, "where.low: Input should be"),
    (PERSON | {"field": "gender", "op": "is", "value": "x"}, "'x' is none of: female"),
    (BOUGHT | {"window": {"days": 0}}, "where.window.days: Input should be greater"),
    (BOUGHT | {"window": {}}, "where.window: say either days, or since and until"),
    (BOUGHT | {"window": {"days": 3, "since": "2026-01-01"}}, "where.window: say either"),
    (
        BOUGHT | {"window": {"since": "2026-01-02", "until": "2026-01-01"}},
        "where.window: it would end on 2026-01-01 before it begins",
    ),
    (BOUGHT | {"value": 1.5}, "where: value: 1.5 is no count"),
    (BOUGHT | {"value": 0}, "everybody has at least 0"),
    (BOUGHT | {"op": "at_most", "value": -1}, "-1 is no count"),
    (BOUGHT | {"value": float("nan")}, "where.value:"),
    (BOUGHT | {"value": "two"}, "where.value: Input should be a valid number"),
    (
        BOUGHT | {"measure": "days_since", "op": "exactly", "value": 3},
        "ask for at_least or at_most",
    ),
    (
        BOUGHT | {"measure": "days_since", "value": 3, "window": {"days": 9}},
        "take the window away",
    ),
    ({"kind": "event"}, "where.name: Field required"),
    ({"kind": "event", "name": "Page View"}, "where.name: String should match"),
    ({"kind": "ticket", "measure": "sum", "value": 1}, "tickets have no value"),
    ({"kind": "feedback", "of": "csat", "value": 9}, "the score of csat is from 1 to 5"),
    ({"kind": "feedback", "of": "mood", "value": 1}, "where.of:"),
    ({"kind": "score", "name": "luck", "op": "at_least", "value": 1}, "'luck' is none of: rfm"),
    ({"kind": "score", "name": "churn", "op": "at_least", "value": 2}, "churn is from 0 to 1"),
    ({"kind": "score", "name": "churn", "value": 0.5}, "op: say one of"),
    ({"kind": "score", "name": "rfm", "op": "at_least", "value": 3}, "rfm is a word"),
    ({"kind": "score", "name": "rfm"}, "say either op and value, or words"),
    ({"kind": "consent"}, "where.purpose: Field required"),
    ({"all": [TAG] * 101}, "where.all: 101 conditions are too many"),
    ({"all": [{"any": [TAG] * 51}] * 2}, "where: 102 conditions are too many"),
]


@pytest.mark.parametrize(("where", "why"), WRONG)
def test_what_is_wrong_is_said_with_its_place(where: Any, why: str) -> None:
    with pytest.raises(InvalidError) as error:
        read({"version": 1, "where": where})
    assert why in str(error.value)


def test_a_rule_is_at_most_so_deep() -> None:
    where: Json = TAG
    for _ in range(7):
        where = {"not": where}
    read({"where": where})
    with pytest.raises(InvalidError, match="at most 8 levels"):
        read({"where": {"all": [where]}})
    for _ in range(5_000):
        where = {"not": where}
    with pytest.raises(InvalidError, match="at most 8 levels"):
        read({"where": where})


@pytest.mark.parametrize("given", [None, [], {"version": 2, "where": TAG}, {"where": TAG, "x": 1}])
def test_other_things_are_no_rules(given: Any) -> None:
    with pytest.raises(InvalidError):
        read(given)


@settings(max_examples=100, deadline=None)
@given(leaf=LEAVES)
def test_what_is_written_is_read_again(leaf: Json) -> None:
    rule = read({"where": leaf})
    assert read(rule.written()) == rule


@settings(max_examples=100, deadline=None)
@given(rule=RULES, seed=st.integers(0, 3))
def test_the_canonical_form_is_stable(rule: Json, seed: int) -> None:
    try:
        first = read(rule)
    except InvalidError:
        return
    again = read(first.canonical())
    assert again.canonical() == first.canonical()
    shuffled = read(_shuffled(rule, random.Random(seed)))
    assert shuffled.digest == first.digest


def _shuffled(node: Json, dice: random.Random) -> Json:
    if "where" in node:
        return node | {"where": _shuffled(node["where"], dice)}
    for word in ("all", "any"):
        if word in node:
            parts = [_shuffled(part, dice) for part in node[word]]
            return {word: dice.sample(parts, len(parts)) + parts[:1]}
    return {"not": _shuffled(node["not"], dice)} if "not" in node else node


def test_needless_groups_go() -> None:
    leaf = parse(TAG)
    assert (
        read({"where": {"not": {"all": [{"not": {"any": [TAG, TAG]}}]}}}).canonical()
        == read({"where": TAG}).canonical()
    )
    assert read({"where": {"not": {"any": [TAG]}}}).where == Not(Some((leaf,)))
    assert read({"where": {"all": [TAG]}}).where == All((leaf,))
    assert read({"where": TAG}).digest != read({"where": {"not": TAG}}).digest
