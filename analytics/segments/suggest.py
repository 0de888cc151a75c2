"""Segments that a tree's rules suggest, as far as its features are things that a segment can ask. Pure."""

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Any

from analytics.insight.rules import Condition, Rule
from analytics.segments.leaves import RANGES

type Bounds = tuple[float | None, float | None]
"""Above the first, up to the second; None is open."""


def suggested(rule: Rule) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Return a tree's rule as that of a segment, and the features that it had to leave out; None if none matched.

    What is left out makes the segment larger than the leaf, so that whoever takes it must be told. Recency is counted
    in days from now, where the tree counted from its own day.
    """
    found: list[dict[str, Any]] = []
    left_out: list[str] = []
    for one in rule.conditions:
        written = _written(one)
        if written is None:
            left_out.append(one.feature)
        found += written or []
    if not found:
        return None
    return {"version": 1, "where": {"all": found}}, tuple(left_out)


def _written(one: Condition) -> list[dict[str, Any]] | None:
    if one.feature in RANGES:
        return _fractions({"kind": "score", "name": one.feature}, *_clipped(one))
    make = _FEATURES.get(one.feature)
    return None if make is None else make(one.low, one.high)


def _clipped(one: Condition) -> Bounds:
    low, high = RANGES[one.feature]
    return (
        None if one.low is None or one.low < low else one.low,
        None if one.high is None or one.high > high else one.high,
    )


def _recency(low: float | None, high: float | None) -> list[dict[str, Any]]:
    # Nobody bought less than 0 days ago, so a bound below says nothing.
    low = None if low is None or low <= 0 else low
    return _fractions({"kind": "purchase", "measure": "days_since"}, low, high)


def _frequency(low: float | None, high: float | None) -> list[dict[str, Any]]:
    return _whole({"kind": "purchase"}, low, high)


def _money(low: float | None, high: float | None) -> list[dict[str, Any]]:
    return _fractions({"kind": "purchase", "measure": "sum"}, low, high)


def _age(low: float | None, high: float | None) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"kind": "person", "field": "age", "op": "between"}
    if low is not None:
        asked["low"] = max(0, floor(low) + 1)
    if high is not None:
        asked["high"] = max(0, floor(high))
    return [asked]


def _fractions(
    asked: dict[str, Any], low: float | None, high: float | None
) -> list[dict[str, Any]]:
    bounds = (("at_least", low), ("at_most", high))
    return [asked | {"op": op, "value": _short(op, v)} for op, v in bounds if v is not None]


def _short(op: str, value: float) -> float:
    """Return a bound that people can read, so that the segment is not smaller than the leaf."""
    cut = floor if op == "at_least" else ceil
    return cut(value * 10_000) / 10_000


def _whole(asked: dict[str, Any], low: float | None, high: float | None) -> list[dict[str, Any]]:
    found = []
    if low is not None and floor(low) + 1 >= 1:
        found.append(asked | {"op": "at_least", "value": floor(low) + 1})
    if high is not None:
        found.append(asked | {"op": "at_most", "value": max(0, floor(high))})
    return found


_FEATURES: Mapping[str, Callable[[float | None, float | None], list[dict[str, Any]]]] = {
    "recency": _recency,
    "frequency": _frequency,
    "money": _money,
    "age": _age,
}
