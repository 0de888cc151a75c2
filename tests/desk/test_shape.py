"""Messages in the shape that a channel can show."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.channel import Feature, TextLimit
from desk.conversations import choices
from desk.dialogue.port import Button
from desk.outbox.shape import degraded, parts

YES, NO = Button(title="Yes", payload="/affirm"), Button(title="No", payload="/deny")
SHOP = Button(title="Shop", url="https://shop.example.com")
ALL = frozenset({Feature.BUTTONS, Feature.LINKS})


@pytest.mark.parametrize(
    ("buttons", "features", "expected"),
    [
        ([], frozenset(), "Well?"),
        ([YES, NO], ALL, "Well?"),
        (
            [YES, NO],
            frozenset({Feature.LINKS}),
            "Well?\n\n1. Yes\n2. No\nAnswer with the number of your choice.",
        ),
        ([SHOP], frozenset({Feature.BUTTONS}), "Well?\n\nShop: https://shop.example.com"),
        (
            [SHOP, YES],
            frozenset(),
            "Well?\n\n1. Yes\nAnswer with the number of your choice.\nShop: https://shop.example.com",
        ),
    ],
)
def test_what_cannot_be_a_button_is_written_out(
    buttons: list[Button], features: frozenset[Feature], expected: str
) -> None:
    assert degraded("Well?", buttons, features, "en") == expected


def test_the_numbers_are_those_that_are_understood() -> None:
    text = degraded("Well?", [SHOP, YES, NO], frozenset(), "zh")
    (number,) = re.findall(r"(\d)\. No", text)
    offered = [{"id": "x", "title": b.title, "payload": b.payload} for b in (SHOP, YES, NO)]
    picked = choices.by_text(number, offered)
    assert picked is not None
    assert picked.payload == "/deny"
    assert text.endswith("https://shop.example.com")
    assert "请直接回复" in text


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("short", 10, ["short"]),
        ("One is here. Two is there.", 20, ["One is here.", "Two is there."]),
        ("第一句在这里。第二句在那里。", 9, ["第一句在这里。", "第二句在那里。"]),
        ("A paragraph.\n\nAnother one. More", 27, ["A paragraph.", "Another one. More"]),
        ("one two three four", 9, ["one two", "three", "four"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("He said “stop.” Then he left.", 18, ["He said “stop.”", "Then he left."]),
        ("", 4, [""]),
    ],
)
def test_long_texts_are_broken_at_the_best_place(
    text: str, longest: int, expected: list[str]
) -> None:
    assert parts(text, TextLimit(longest=longest)) == expected


def test_without_a_limit_nothing_is_broken() -> None:
    assert parts("x" * 100_000, None) == ["x" * 100_000]


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(
    text=st.text(st.sampled_from("ab .。!\n，é界😀"), min_size=1, max_size=300),
    longest=st.integers(4, 40),
    length=st.sampled_from([len, _utf16]),
)
def test_parts_fit_and_nothing_is_lost_or_moved(text: str, longest: int, length: object) -> None:
    limit = TextLimit(longest=longest, length=length)  # type: ignore[arg-type]
    found = parts(text, limit)
    assert all(limit.length(part) <= longest for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_an_emoji_of_several_characters_stays_whole() -> None:
    family = "👨\u200d👩\u200d👧"
    assert parts(f"aaaa{family}", TextLimit(longest=6)) == ["aaaa", family]
