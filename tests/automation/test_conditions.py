"""Conditions, by tables of cases: what holds, and what is refused in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.automation.conditions import All, Condition, Not, Question, Some, holds, parse
from desk.automation.fields import Facts, Operator
from desk.errors import InvalidError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FACTS: Facts = {
    "ticket.status": "open",
    "ticket.assignee": None,
    "ticket.tags": ("Fragile", "gift"),
    "ticket.title": "Broken LAMP",
    "ticket.reopened": 2.0,
    "ticket.opened_at": NOW - timedelta(hours=3),
    "contact.attribute.tier": "Gold",
    "shop.open": True,
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"all": []}, True),
        ({"any": []}, False),
        ({"field": "ticket.status", "is": "open"}, True),
        ({"field": "ticket.status", "is_not": "open"}, False),
        ({"field": "ticket.status", "in": "new, open"}, True),
        ({"field": "ticket.status", "in": ["new", "closed"]}, False),
        ({"field": "ticket.title", "contains": "lamp"}, True),
        ({"field": "ticket.title", "is": "broken lamp"}, True),
        ({"field": "ticket.tags", "contains": "fragile"}, True),
        ({"field": "ticket.tags", "contains": "fra"}, False),
        ({"field": "ticket.reopened", "greater": 1}, True),
        ({"field": "ticket.reopened", "less": "2"}, False),
        ({"field": "ticket.opened_at", "older_than": "2h"}, True),
        ({"field": "ticket.opened_at", "older_than": "3h"}, False),
        ({"field": "ticket.assignee", "empty": "yes"}, True),
        ({"field": "ticket.assignee", "empty": False}, False),
        ({"field": "ticket.assignee", "is": "Mo"}, False),
        ({"field": "ticket.assignee", "is_not": "Mo"}, True),
        ({"field": "contact.attribute.tier", "is": "gold"}, True),
        ({"field": "contact.attribute.none", "empty": True}, True),
        ({"field": "shop.open", "is": "no"}, False),
        ({"field": "message.mood", "less": 0}, False),
        ({"not": {"field": "ticket.status", "is": "open"}}, False),
        (
            {
                "all": [
                    {"field": "ticket.status", "is": "open"},
                    {"any": [{"field": "shop.open", "is": "no"}, {"not": {"any": []}}]},
                ]
            },
            True,
        ),
    ],
)
def test_what_holds(condition: dict[str, Any], expected: bool) -> None:
    assert holds(parse(condition), FACTS, NOW) is expected


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"field": "ticket.mood", "is": "x"}, "no field"),
        ({"field": "ticket.status", "is": "lost"}, "none of: new, open"),
        ({"field": "ticket.status", "greater": 1}, "cannot be asked"),
        ({"field": "ticket.title", "is": " "}, "1 to 200"),
        ({"field": "ticket.reopened", "greater": "many"}, "no number"),
        ({"field": "ticket.reopened", "greater": float("nan")}, "no number"),
        ({"field": "ticket.opened_at", "older_than": "soon"}, "no time"),
        ({"field": "shop.open", "is": "maybe"}, "yes or no"),
        ({"field": "ticket.status", "in": ","}, "at least one"),
        ({"field": "ticket.status"}, "ask one question"),
        ({"field": "ticket.status", "is": "open", "in": "new"}, "ask one question"),
        ({"all": {}}, "a condition is"),
        ("open", "is no condition"),
        ({"all": [{"field": "shop.open", "is": "yes"}] * 51}, "at most 50"),
        ({"not": {"not": {"not": {"not": {"not": {"all": []}}}}}}, "levels deep"),
    ],
)
def test_what_is_no_condition_is_said(condition: Any, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        parse(condition)


_leaves = st.sampled_from(
    [
        Question("ticket.status", Operator.IS, "open"),
        Question("ticket.status", Operator.IS, "new"),
        Question("ticket.assignee", Operator.EMPTY, True),
        Question("ticket.title", Operator.CONTAINS, "x"),
    ]
)


def _groups(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(several.map(All), several.map(Some), inner.map(Not))


_trees: st.SearchStrategy[Condition] = st.recursive(_leaves, _groups, max_leaves=8)


@given(st.lists(_trees, max_size=4))
def test_and_is_not_or_of_nots(parts: list[Condition]) -> None:
    both = holds(All(tuple(parts)), FACTS, NOW)
    assert both is not holds(Some(tuple(Not(part) for part in parts)), FACTS, NOW)
