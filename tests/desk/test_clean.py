"""What reaches the assistant of what a customer typed."""

import pytest

from desk.dialogue.clean import LONGEST, clean


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("hello", "hello"),
        ("  a \t b  ", "a b"),
        ("line\nbreak", "line\nbreak"),
        ('/affirm{"x": "y"}', 'affirm{"x": "y"}'),
        (" / / affirm", "affirm"),
        ("／affirm", "affirm"),
        ("\u200b/affirm", "affirm"),
        ("\u2060/affirm", "affirm"),
        ("/", ""),
        ("１００２３", "10023"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ana@example.com"),
        ("回答很快，很满意！", "回答很快，很满意！"),
        ("\x00\x07", ""),
        ("👩‍👧", "👩‍👧"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_clean(typed: str, read: str) -> None:
    assert clean(typed) == read


def test_it_is_never_endless() -> None:
    assert len(clean("x" * 100_000)) == LONGEST
