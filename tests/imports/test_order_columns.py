"""Orders read in columns are what their records say, whatever stands in the file."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desk.commerce.order_columns import reader
from desk.commerce.order_file import OrderFile, can_read
from desk.commerce.order_ready import ReadyOrder, ready
from desk.commerce.records import MOST_LINES, OrderRecord
from desk.commerce.table_file import MALFORMED, Numbered, group_orders
from desk.imports import files
from tests.conftest import NOON

_COLUMNS = (
    "number", "customer_id", "status", "placed_at", "shipped_at", "total", "total_cents", "currency", "ship_name",
    "ship_address", "carrier", "email", "phone", "sku", "name_en", "name_zh", "quantity", "price", "price_cents",
)  # fmt: skip
_GOOD = dict(zip(_COLUMNS, (
    "1001", "C1", "delivered", "2026-02-01T09:30:00Z", "", "12.50", "", "EUR", "A. Customer", "1 Example Street", "",
    "a@example.com", "", "TEA", "Tea", "茶", "2", "6.25", "",
), strict=True))  # fmt: skip
_SPACES = "\t \x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000\u200b\ufeff"
#: For each column what people, programs and those who mean harm write into it.
_ODD: dict[str, Sequence[str]] = {
    "number": ("#1001", "FD-0010", "fd-77", "0", "00012", "#FD-9", "order 5", "１２", "1" * 20, "1" * 21, "1 2"),
    "customer_id": ("c" * 64, "c" * 65, "7", "客户", "C\x00"),
    "status": ("Delivered", "Out for delivery", "out-for-delivery", "lost", "DELİVERED", "shipped"),
    "placed_at": (
        "2026-02-01", "2026-02-01 09:30:00", "2026-02-01T09:30:00+08:00", "2026-02-30", "1969-01-01", "2099-01-01",
        "2026-02-01T24:00:00Z", "2026-02-01T09:30:60Z", "2026-02-01T09:30", "2026-02-01T09:30:00.123456Z",
        "2026-02-01T09:30:00.5Z", "20260201T093000Z", "0001-01-01", "yesterday", "2026-02-01T09:30:00-23:59",
        "2026-03-29T02:30:00", "2025-10-26T02:30:00", "1970-01-02", "1970-01-01T23:59:59Z",
        "2026-02-01T09:30:00+24:00",
    ),
    "shipped_at": ("2026-02-02", "2099-01-01T00:00:00Z", "1950-01-01", "soon", "2026-02-01T09:30:00.123+01:00"),
    "total": ("3", "3.5", "3.505", "0", "0.00", "1e3", "-1", "99999999.99", "21474836.47", "21474836.48", "1,5",
              "007.10", "12.500", "0.29", "1.15", "999999999.999"),
    "total_cents": ("0", "1250", "2147483647", "2147483648", "+5", "1_000", "12.0", "0012", "-3"),
    "currency": ("eur", "JPY", "kwd", "EURO", "E1R", "ıab", "ß"),
    "ship_name": ("名" * 200, "n" * 201, "a\nb", "=1+1", "x\x00y"),
    "ship_address": ("1 Street\nTown", "a" * 1000, "a" * 1001),
    "carrier": ("DHL", "d" * 64, "d" * 65),
    "email": ("A@Example.com", "a b@example.com", "mailto:a@example.com", "a@b", "<a@example.com>", "ä@example.com",
              "a@example.com.", f"{'a' * 250}@example.com", ".a@example.com", "a..b@example.com"),
    "phone": ("+15550100", "+1 555 0100", "0155501000", "12", "+0015550100", "+123456", "+1234567890123456"),
    "sku": ("s" * 65, "5"),
    "name_en": ("", "n" * 201),
    "name_zh": ("", "名" * 201),
    "quantity": ("1", "0", "1000000", "1000001", "2.0", "-1", "two", "01", "9999999999"),
    "price": ("1", "1.005", "3.333", "0"),
    "price_cents": ("5", "2147483648", "0"),
}  # fmt: skip
_ZONES: Sequence[tzinfo] = (
    UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-3)),
)  # fmt: skip


def _cell(column: str) -> st.SearchStrategy[str]:
    good = _GOOD[column]
    around = st.builds(
        lambda before, after: before + good + after,
        st.text(_SPACES, max_size=2),
        st.text(_SPACES, max_size=2),
    )
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    return st.sampled_from(_ODD[column]) | around | anything | st.just("")


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Return rows, most of their cells good: one odd cell sends an order to its record."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        row = _GOOD | {"number": str(1000 + number // draw(st.integers(1, 3)))}
        for column in draw(st.sets(st.sampled_from(_COLUMNS), max_size=2)):
            row[column] = draw(_cell(column))
        found.append(row)
    return found


def _written(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def _by_records(path: Path, zone: tzinfo) -> dict[int, ReadyOrder | None]:
    """Return every order as its record has it, by line; None where it is refused."""
    found: dict[int, ReadyOrder | None] = {}
    for row in group_orders(files.read(path, encoding="utf-8")):
        found[row.line] = _record(row, zone)
    return found


def _record(row: Numbered, zone: tzinfo) -> ReadyOrder | None:
    if MALFORMED in row.values:
        return None
    try:
        told = OrderRecord.model_validate(row.values, context={"zone": zone, "now": NOON})
    except ValueError:
        return None
    return ready(told)


def _in_columns(path: Path, zone: tzinfo) -> tuple[dict[int, ReadyOrder], list[Numbered]]:
    orders = OrderFile(path, encoding="utf-8")
    return reader(orders)(list(orders), {"zone": zone, "now": NOON})


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=_rows(), zone=st.sampled_from(_ZONES))
@example(rows=[_GOOD, _GOOD | {"number": "", "sku": "CUP"}, _GOOD | {"number": "7"}], zone=UTC)
def test_columns_say_what_records_say(
    tmp_path: Path, rows: list[dict[str, str]], zone: tzinfo
) -> None:
    path = _written(tmp_path / "orders.csv", rows)
    expected = _by_records(path, zone)
    found, odd = _in_columns(path, zone)
    assert set(found) | {row.line for row in odd} == set(expected)
    assert not set(found) & {row.line for row in odd}
    for line, order in found.items():
        assert order == expected[line]
    # What is left to the record is what the record would have read in the first place.
    asked = {row.line: row for row in group_orders(files.read(path, encoding="utf-8"))}
    assert odd == [asked[row.line] for row in odd]


@pytest.mark.parametrize("column", _COLUMNS)
def test_every_odd_cell_alone(tmp_path: Path, column: str) -> None:
    for cell in (*_ODD[column], *(space + _GOOD[column] for space in _SPACES), ""):
        path = _written(tmp_path / "orders.csv", [_GOOD | {column: cell}])
        for zone in _ZONES:
            expected = _by_records(path, zone)
            found, _ = _in_columns(path, zone)
            assert all(order == expected[line] for line, order in found.items()), (cell, zone)


def test_what_is_plain_needs_no_record(tmp_path: Path) -> None:
    """Else all of it would be right and slow."""
    plain: list[dict[str, Any]] = [
        {}, {"number": "FD-1002"}, {"placed_at": "2026-02-01"}, {"placed_at": "2026-02-01T09:30:00+08:00"},
        {"status": "Out for delivery"}, {"total": "", "total_cents": "1250"}, {"currency": "JPY", "total": "12"},
        {"email": "", "phone": "+15550100"}, {"ship_address": "1 Street\nTown"}, {"name_en": ""}, {"carrier": "DHL"},
    ]  # fmt: skip
    rows = [_GOOD | {"number": str(number)} | one for number, one in enumerate(plain, start=5)]
    rows[6]["price"] = "6"
    path = _written(tmp_path / "orders.csv", rows)
    for zone in _ZONES:
        found, odd = _in_columns(path, zone)
        assert odd == []
        assert len(found) == len(plain)
    [order] = list(_in_columns(_written(path, [_GOOD, _GOOD | {"number": ""}]), UTC)[0].values())
    assert [line[:2] for line in order.lines] == [("1001", 1), ("1001", 2)]


def test_rows_of_another_length_and_long_orders_go_to_the_record(tmp_path: Path) -> None:
    path = _written(tmp_path / "orders.csv", [_GOOD, *([_GOOD | {"number": "2"}] * MOST_LINES)])
    found, odd = _in_columns(path, UTC)
    assert (len(found), odd) == (2, [])
    with path.open("a", encoding="utf-8") as file:
        file.write("2" + "," * (len(_COLUMNS) - 1) + "\n\n3,C1\n4" + ",x" * len(_COLUMNS) + "\n")
    found, odd = _in_columns(path, UTC)
    assert list(found) == [2]
    assert [row.line for row in odd] == [3, MOST_LINES + 5, MOST_LINES + 6]
    assert MALFORMED in odd[2].values


def test_files_with_other_columns_are_read_row_by_row() -> None:
    assert can_read(["number", "sku"])
    for columns in (None, ["number", "lines"], ["number", "number"], ["number", ""]):
        assert not can_read(columns)


def test_half_a_character_is_left_to_the_record(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    text = ",".join(_COLUMNS) + "\n" + ",".join(_GOOD.values()) + "\n"
    path.write_bytes(text.replace("A. Customer", "\ud800").encode("utf-7", "surrogatepass"))
    orders = OrderFile(path, encoding="utf-7")
    found, odd = reader(orders)(list(orders), {"zone": UTC, "now": NOON})
    assert (found, len(odd)) == ({}, 1)
