"""Amounts for people."""

import pytest

from desk.commerce.money import format_money


@pytest.mark.parametrize(
    ("cents", "currency", "language", "text"),
    [
        (129900, "USD", "en", "$1,299.00"),
        (129900, "USD", "zh", "US$1,299.00"),
        (5, "USD", "en", "$0.05"),
        (0, "EUR", "en", "€0.00"),
        (-250, "EUR", "zh", "-€2.50"),
        (129900, "CNY", "zh", "¥1,299.00"),
        (129900, "CNY", "en", "CN¥1,299.00"),
        (1200, "JPY", "en", "¥1,200"),
        (1200, "JPY", "zh", "1,200 JPY"),
        (1234567, "KWD", "en", "1,234.567 KWD"),
        (100, "CHF", "zh", "1.00 CHF"),
        (100, "USD", "fr", "$1.00"),
    ],
)
def test_format_money(cents: int, currency: str, language: str, text: str) -> None:
    assert format_money(cents, currency, language) == text
