"""Scores in words: what counts as one, and what must not."""

import pytest

from actions.reading.rating import comment, rating, with_unit

SCORES = [
    ("5", 5),
    ("5 stars", 5),
    ("five", 5),
    ("4/5", 4),
    ("3 out of 5", 3),
    ("i'd say 4", 4),
    ("3 ok i guess", 3),
    ("great", 5),
    ("Great, thanks!", 5),
    ("good", 4),
    ("not bad", 4),
    ("so-so", 3),
    ("not great", 2),
    ("terrible!!!", 1),
    ("👍", 5),
    ("⭐⭐⭐", 3),
    ("五星", 5),
    ("给你打五分", 5),
    ("满分", 5),
    ("非常满意", 5),
    ("很满意，谢谢", 5),
    ("不错", 4),
    ("一般", 3),
    ("不太满意", 2),
    ("非常不满意", 1),
    ("太差了", 1),
]
NONE = [
    "ok",
    "好的",
    "thanks",
    "no",
    "10023",
    "45",
    "I need 2 lamps",
    "I have one more question",
    "3 lamps were missing",
    "5分钟",
    "how is it going?",
    "great, now where is my order",
    "great, i want to cancel order 10023",
    "很好，我要查订单",
]


@pytest.mark.parametrize(("text", "score"), SCORES)
def test_words_that_are_a_score(text: str, score: int) -> None:
    assert rating(text) == score


@pytest.mark.parametrize("text", NONE)
def test_words_that_are_no_score(text: str) -> None:
    assert rating(text) is None


@pytest.mark.parametrize(
    ("text", "says_more"),
    [
        ("5 stars", False),
        ("Great, thanks!", False),
        ("非常满意", False),
        ("4/5, a bit slow", True),
        ("5 stars - quick and friendly!", True),
        ("非常满意，客服很耐心", True),
        ("nobody helped me", False),
    ],
)
def test_what_is_said_beside_a_score_is_its_comment(text: str, says_more: bool) -> None:
    assert comment(text) == (text if says_more else None)


def test_only_a_unit_makes_a_number_a_score_in_any_sentence() -> None:
    assert with_unit("i give you 2 stars for that") == 2
    assert with_unit("2 lamps and 3 cups") is None
