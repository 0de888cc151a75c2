"""E-mail addresses and phone numbers as people write them."""

import pytest

from desk.commerce.proof import normalise_email, parse_phone, proves, same_phone


@pytest.mark.parametrize(
    "text",
    ["ana@example.com", " Ana@Example.COM ", "mailto:ana@example.com", "<ana@example.com>", "ana@example.com.",
     "ana＠example.com", "ａｎａ@example.com", "ana@example.com，"],
)  # fmt: skip
def test_an_email_is_read(text: str) -> None:
    assert normalise_email(text) == "ana@example.com"


@pytest.mark.parametrize(
    "text",
    ["", "ana", "ana@", "@example.com", "ana@example", "a b@example.com", "a@b@example.com", "a" * 250 + "@x.com"],
)  # fmt: skip
def test_what_is_no_email_is_none(text: str) -> None:
    assert normalise_email(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+1 555 0123", "15550123"),
        ("+1 555 0123", "+1 (555) 0123"),
        ("+1 555 0123", "001-555-0123"),
        ("+1 555 0123", "555 0123"),
        ("+1 555 0123", "555.0123"),
        ("+86 138 0000 0042", "13800000042"),
        ("+86 138 0000 0042", "138 0000 0042"),
        ("+86 138 0000 0042", "0086 13800000042"),
        ("+86 138 0000 0042", "8613800000042"),
        ("13800000042", "+86-138-0000-0042"),
        ("+86 138 0000 0042", "１３８００００００４２"),
        ("+44 20 7946 0000", "020 7946 0000"),
        ("+44 (0)20 7946 0000", "020 7946 0000"),
        ("+353 1 555 0123", "01 555 0123"),
        ("tel:+15550123", "+1 555 0123"),
    ],
)  # fmt: skip
def test_the_same_phone(one: str, other: str) -> None:
    assert same_phone(one, other)
    assert same_phone(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+1 555 0123", "+1 555 0124"),
        ("+1 555 0123", "+86 555 0123"),
        ("+49 30 1234567", "+30 1234567"),
        ("+1 555 0123", "0123"),
        ("+1 555 0123", ""),
        ("", ""),
        ("abc", "abc"),
        ("+86 138 0000 0042", "0000 0042"),
        ("+1 555 555 0123", "555 0123"),
        ("+1 212 5550 1234", "5550 1234"),
        ("+1 555 0123", "call +1 555 0123"),
        ("1" * 20, "1" * 20),
    ],
)
def test_not_the_same_phone(one: str, other: str) -> None:
    assert not same_phone(one, other)
    assert not same_phone(other, one)


def test_a_phone_has_7_to_15_digits() -> None:
    assert parse_phone("555012") is None
    assert parse_phone("5550123") is not None
    assert parse_phone("1" * 15) is not None
    assert parse_phone("1" * 16) is None


def test_an_email_proves_by_email_and_a_phone_by_phone() -> None:
    emails, phones = ("ana@example.com", None), (None, "+1 555 0123")
    assert proves("ANA@example.com", emails=emails, phones=phones)
    assert proves("555 0123", emails=emails, phones=phones)
    assert not proves("li@example.com", emails=emails, phones=phones)
    assert not proves("555 0124", emails=emails, phones=phones)
    assert not proves("", emails=("", None), phones=("", None))
