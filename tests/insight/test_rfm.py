"""RFM: equal customers get equal scores, and every customer a name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import ceil
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.insight.rfm import NAMES, Columns, features, purchases, scored
from desk.errors import InvalidError

COLUMNS = Columns(customer="who", date="day", amount="paid")


def _table(rows: Sequence[tuple[Any, Any, Any]]) -> Any:
    named = [dict(zip(("who", "day", "paid"), row, strict=True)) for row in rows]
    return ibis.memtable(pa.Table.from_pylist(named))


def test_what_each_customer_did() -> None:
    bought = purchases(
        _table(
            [
                ("a", "2026-01-01", 10),
                ("a", "2026-01-01", 5),
                ("a", "2026-01-11", 1),
                ("b", "2026-01-21", 7),
                (None, "2026-01-21", 7),
                ("c", None, 7),
            ]
        ),
        COLUMNS,
    )
    found = features(bought).order_by("customer").to_pyarrow().to_pylist()
    assert found == [
        {"customer": "a", "recency": 10, "frequency": 2, "money": 16.0},
        {"customer": "b", "recency": 0, "frequency": 1, "money": 7.0},
    ]
    early = features(bought, datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None))
    assert early.to_pyarrow().to_pylist() == [
        {"customer": "a", "recency": 4, "frequency": 1, "money": 15.0}
    ]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=40))
@settings(max_examples=10, deadline=None)
def test_scores_follow_the_formula_and_equal_ones_are_equal(days: list[tuple[int, int]]) -> None:
    first = date(2026, 1, 1)
    rows = [(n, (first + timedelta(days=d)).isoformat(), m) for n, (d, m) in enumerate(days)]
    found = scored(features(purchases(_table(rows), COLUMNS))).to_pyarrow().to_pylist()
    assert len(found) == len(days)

    def score(value: float, all_: list[float]) -> int:
        below, equal = sum(v < value for v in all_), all_.count(value)
        return min(5, max(1, ceil(5 * (below + equal / 2) / len(all_))))

    recencies, money = [one["recency"] for one in found], [one["money"] for one in found]
    for one in found:
        assert one["r"] == 6 - score(one["recency"], recencies)
        assert one["m"] == score(one["money"], money)
        assert one["f"] == 3, "all bought once"


def test_the_names_cover_the_grid_without_a_gap() -> None:
    for r, worth in product(range(1, 6), repeat=2):
        assert any(r in rs and worth in fs for _, rs, fs in NAMES), (r, worth)
    assert len({name for name, _, _ in NAMES}) == len(NAMES)


def test_dates_are_read_in_several_forms() -> None:
    for day in ("2026-01-31", "20260131", 20260131, date(2026, 1, 31), "2026-01-31 10:00:00"):
        (row,) = purchases(_table([("a", day, 1)]), COLUMNS).to_pyarrow().to_pylist()
        assert row["at"].date() == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        ([("a", "2026-01-01", 1)], {"customer": "whom"}, "did you mean 'who'"),
        ([("a", "2026-01-01", 1)], {"amount": "zzz"}, "there are: who, day, paid"),
        ([("a", "someday", 1)], {}, "no date: 'someday'"),
        ([("a", "2026-01-01", "much")], {}, "numbers are needed"),
        ([("a", 1.5, 1)], {}, "dates are needed"),
    ],
)
def test_wrong_columns_are_told(
    rows: list[tuple[Any, Any, Any]], columns: dict[str, str], words: str
) -> None:
    named = Columns(**({"customer": "who", "date": "day", "amount": "paid"} | columns))
    with pytest.raises(InvalidError, match=words):
        purchases(_table(rows), named)


def test_no_purchase_until_the_day() -> None:
    bought = purchases(_table([("a", "2026-01-01", 1)]), COLUMNS)
    with pytest.raises(InvalidError, match="no purchase"):
        features(bought, datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None))
