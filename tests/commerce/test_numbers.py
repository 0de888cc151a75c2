"""Numbers in every spelling people use."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.commerce.numbers import (
    normalise_invoice_number,
    normalise_order_number,
    normalise_ticket_number,
)


@pytest.mark.parametrize(
    "text",
    [
        "10023", "#10023", "#fd-10023", "FD10023", "fd 10023", "order 10023", "Order No. 10023", "order number: 10023",
        "No.10023", "10 023", "10-023", "0010023", "１００２３", "＃１００２３", "订单10023", "订单号10023",
        "訂單編號：10023", "订单号是10023", "订单号为 10023", "order number is 10023", "单号 10023", "10023号",
        "(10023)", "10023。", " 10023 ",
    ],
)  # fmt: skip
def test_an_order_number_is_read(text: str) -> None:
    assert normalise_order_number(text) == "10023"


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "INV-2041", "invoice 2041", "发票2041", "T-000123", "ticket 12", "10023 and 10024", "0", "1" * 21,
     "my order 10023 is late", "٣٤٥", "10023@example.com", "9" * 5000],
)  # fmt: skip
def test_what_is_no_order_number_is_none(text: str) -> None:
    assert normalise_order_number(text) is None


@pytest.mark.parametrize(
    "text",
    ["INV-2041", "inv2041", "Inv. 2041", "invoice #2041", "invoice no. 2041", "invoice number 2041", "bill 2041",
     "发票2041", "发票号：2041", "發票編號 2041", "账单 2041", "2041", "#2041", "ＩＮＶ－２０４１"],
)  # fmt: skip
def test_an_invoice_number_is_read(text: str) -> None:
    assert normalise_invoice_number(text) == "INV-2041"


@pytest.mark.parametrize("text", ["order 2041", "T-2041", "订单2041", "", "inv", "INV-0"])
def test_what_is_no_invoice_number_is_none(text: str) -> None:
    assert normalise_invoice_number(text) is None


@pytest.mark.parametrize(
    "text",
    ["T-000123", "t-123", "T123", "t 123", "ticket 123", "Ticket #000123", "ticket no. 123", "工单123", "工单号 123",
     "工單編號:123", "123", "#123", "case 123"],
)  # fmt: skip
def test_a_ticket_number_is_read(text: str) -> None:
    assert normalise_ticket_number(text) == "T-000123"


def test_a_long_ticket_number_keeps_its_digits() -> None:
    assert normalise_ticket_number("T-12345678") == "T-12345678"


@pytest.mark.parametrize("text", ["order 123", "INV-123", "订单 123", "", "T-", "t-0"])
def test_what_is_no_ticket_number_is_none(text: str) -> None:
    assert normalise_ticket_number(text) is None


@given(st.integers(min_value=1, max_value=10**18 - 1))
def test_what_we_write_we_read(number: int) -> None:
    assert normalise_order_number(str(number)) == str(number)
    assert normalise_invoice_number(f"INV-{number}") == f"INV-{number}"
    assert normalise_ticket_number(f"T-{number:06d}") == f"T-{number:06d}"


@given(st.text(max_size=100))
def test_any_text_gives_digits_or_none(text: str) -> None:
    number = normalise_order_number(text)
    assert number is None or (number.isascii() and number.isdigit() and number[0] != "0")
    again = normalise_order_number(number) if number else None
    assert again == number


@pytest.mark.parametrize(
    "text", ["no" * 39 + "x", "号" * 79, "#" * 79, "1 " * 39 + "x", "1-" * 39 + "x"]
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    started = time.perf_counter()
    assert normalise_order_number(text) is None
    assert time.perf_counter() - started < 0.5
