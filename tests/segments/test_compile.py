"""A compiled rule finds the people whom a plain reading of it finds, on every engine."""

import copy
from datetime import date
from functools import cache
from typing import Any

import ibis
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ibis.expr.types import Table

from analytics.segments.compile import members
from analytics.segments.known import years_before
from analytics.segments.rule import read
from desk.errors import InvalidError
from tests.segments.oracle import who
from tests.segments.people import NOW, fill, world
from tests.segments.rules import LEAVES, PINNED, RULES

WORLDS = 4


@cache
def _tables(seed: int) -> dict[str, Table]:
    return fill(ibis.duckdb.connect(), world(seed))


def _found(rule: dict[str, Any], seed: int) -> list[str]:
    found = members(read(rule), _tables(seed), NOW).to_pyarrow()
    return list(found["person_id"].to_pylist())


def _agree(rule: dict[str, Any], seed: int) -> None:
    found = _found(rule, seed)
    assert len(found) == len(set(found))
    assert set(found) == who(rule, world(seed))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(leaf=LEAVES, seed=st.integers(0, WORLDS - 1))
def test_a_question_finds_whom_a_plain_reading_finds(leaf: dict[str, Any], seed: int) -> None:
    _agree({"where": leaf}, seed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=RULES, seed=st.integers(0, WORLDS - 1))
def test_a_rule_finds_whom_a_plain_reading_finds(rule: dict[str, Any], seed: int) -> None:
    try:
        read(rule)
    except InvalidError as error:
        assume("levels deep" not in str(error))
    _agree(rule, seed)


@pytest.mark.parametrize("where", PINNED, ids=str)
def test_borders(where: dict[str, Any]) -> None:
    for seed in range(WORLDS):
        _agree({"where": where}, seed)


@pytest.mark.parametrize(
    ("day", "years", "before"),
    [
        (date(2026, 3, 1), 26, date(2000, 3, 1)),
        (date(2024, 2, 29), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 4, date(2020, 2, 29)),
    ],
)
def test_years_before(day: date, years: int, before: date) -> None:
    assert years_before(day, years) == before


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_worlds_can_tell_answers_apart(seed: int) -> None:
    rows = world(seed)
    assert any(row["person_id"] is None for row in rows["consent"])
    sizes = {
        kind: len(who({"where": leaf}, rows))
        for kind, leaf in {
            "country": {"kind": "person", "field": "country", "op": "is", "value": "de"},
            "consent": {"kind": "consent", "purpose": "marketing"},
            "score": {"kind": "score", "name": "rfm", "words": ["lost"]},
        }.items()
    }
    assert all(0 < size < len(rows["person"]) for size in sizes.values()), sizes


@pytest.mark.parametrize("op", ["at_least", "at_most", "exactly"])
def test_money_adds_up_as_people_add_it(op: str) -> None:
    rows = copy.deepcopy(dict(world(0)))
    somebody = rows["person"][0]["person_id"]
    order = rows["purchase"][0] | {"person_id": somebody, "status": "shipped", "amount": 0.1}
    rows["purchase"] = [order | {"order_number": f"o{number}"} for number in range(3)]
    assert sum(row["amount"] for row in rows["purchase"]) != 0.3
    asked = {"kind": "purchase", "measure": "sum", "op": op, "value": 0.3}
    where = {"all": [asked, {"kind": "purchase"}]}
    tables = fill(ibis.duckdb.connect(), rows)
    found = members(read({"where": where}), tables, NOW).to_pyarrow()
    assert found["person_id"].to_pylist() == [somebody]
