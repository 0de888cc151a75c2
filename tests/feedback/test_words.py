"""Scores in a customer's words, by the scale that was asked about."""

import pytest

from desk.feedback.words import Heard, heard, is_new_matter, is_stop
from desk.tables.feedback import FeedbackKind

CSAT, CES, NPS = FeedbackKind.CSAT, FeedbackKind.CES, FeedbackKind.NPS
MISS = Heard(None)


@pytest.mark.parametrize(
    ("text", "csat", "ces", "nps"),
    [
        ("4", 4, 4, 4),
        ("４", 4, 4, 4),
        (" 4. ", 4, 4, 4),
        ("I'd say 4, thanks", 4, 4, 4),
        ("四", 4, 4, 4),
        ("4分", 4, 4, 4),
        ("给你们4分", 4, 4, 4),
        ("4️⃣", 4, 4, 4),
        ("seven", None, 7, 7),
        ("九分", None, None, 9),
        ("十分", None, None, 10),
        ("🔟", None, None, 10),
        ("0", None, None, 0),
        ("零", None, None, 0),
        ("10", None, None, 10),
        ("11", None, None, None),
        ("100", None, None, None),
        # The best of another scale is the best of this one; between the scales there is no translation.
        ("10/10", 5, 7, 10),
        ("5/5", 5, 7, 10),
        ("5 stars", 5, 7, 10),
        ("满分", 5, 7, 10),
        ("7/10", None, None, 7),
        ("4/5", 4, None, None),
        ("4 stars", 4, None, None),
        ("0/10", None, None, 0),
    ],
)
def test_numbers(text: str, csat: int | None, ces: int | None, nps: int | None) -> None:
    assert [heard(text, kind) for kind in (CSAT, CES, NPS)] == [
        Heard(csat),
        Heard(ces),
        Heard(nps),
    ]


@pytest.mark.parametrize(
    ("text", "score"),
    [("very good", 5), ("很好", 5), ("👍", 5), ("不错", 4), ("so-so", 3), ("很差", 1), ("😡", 1),
     ("⭐⭐⭐", 3), ("★★★★", 4)],
)  # fmt: skip
def test_words_are_satisfaction_only(text: str, score: int) -> None:
    assert heard(text, CSAT) == Heard(score)
    assert heard(text, NPS) is None
    assert heard(text, CES) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "好的",
        "4 lamps",
        "3分钟",
        "-1",
        "10023",
        "where is my order?",
        "good, where is my order",
        "5. I want my money back",
        "4?",
        "很好，我要退款",
        "my rating of your shop is complicated",
    ],
)
def test_what_is_no_score_goes_the_normal_way(text: str) -> None:
    assert [heard(text, kind) for kind in (CSAT, CES, NPS)] == [None] * 3


@pytest.mark.parametrize("text", ["⭐" * 6, "★" * 9])
def test_too_many_stars_are_a_miss(text: str) -> None:
    assert heard(text, CSAT) == MISS


@pytest.mark.parametrize(
    "text", ["4/5, a bit slow", "4 - friendly but slow", "很好，客服很耐心", "2! nobody helped"]
)
def test_what_is_said_beside_a_score_is_its_comment(text: str) -> None:
    found = heard(text, CSAT)
    assert found is not None
    assert found.value is not None
    assert found.comment == text


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("STOP", True),
        ("Stop. Thank you", True),
        ("unsubscribe", True),
        ("退订", True),
        ("别再问了", True),
        ("T", True),
        ("stop my order 10023", False),
        ("the end of the line was cut", False),
        ("t-shirt", False),
        ("4", False),
    ],
)
def test_stop(text: str, stops: bool) -> None:
    assert is_stop(text) is stops


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("it took too long", False),
        ("等得太久", False),
        ("Mo was friendly", False),
        ("where is it?", True),
        ("I want my money back", True),
        ("10023", True),
        ("我要退款", True),
        ("get me a human", True),
        ("你好", True),
    ],
)
def test_a_comment_asks_for_nothing(text: str, new: bool) -> None:
    assert is_new_matter(text) is new
