"""Messages as they were meant: what is changed, what is left alone, and that every character knows its origin."""

import random
import unicodedata
from collections import Counter

import pytest

from bot.nlu.normalise import Normalised, Words, normalise

KNOWN = [
    *(
        "i",
        "want",
        "to",
        "cancel",
        "my",
        "order",
        "please",
        "help",
        "me",
        "track",
        "the",
        "refund",
    ),
    *("of", "a", "purchase", "where", "is", "change", "account", "password", "check", "invoice"),
    *(
        "for",
        "you",
        "have",
        "give",
        "newsletter",
        "my",
        "order",
        "it",
        "free",
        "off",
        "all",
        "book",
    ),
]
WORDS = Words(Counter(KNOWN))


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("helllp me", "help me"),
        ("pleaseeeee cancelll it", "please cancel it"),
        ("helpp", "help"),
        ("free book off all", "free book off all"),
        ("cancelmyorder", "cancel my order"),
        ("whereismyrefund", "where is my refund"),
        ("I wanna cancel pls", "I want to cancel please"),
        ("gimme my refund plzzzz", "give me my refund please"),
        ("can u check", "can you check"),
        ("tell sum1 b4 friday", "tell someone before friday"),
        ("ｃａｎｃｅｌ　ｍｙ　ｏｒｄｅｒ！", "cancel my order!"),
        ("can\u200bcel my\u00a0order", "cancel my order"),
        ("肿么取消定单", "怎么取消订单"),
        ("我要退宽", "我要退款"),
    ],
)
def test_a_message_is_read_as_it_was_meant(message: str, meant: str) -> None:
    assert normalise(message, WORDS).text == meant


@pytest.mark.parametrize(
    "message",
    [
        "FD-10023",
        "aaa111@example.com",
        "pls@example.com",
        "www.example.com/cancelmyorder",
        "INV-2041, 10023 and T-000123",
        "y",
        "n",
        "xqzvkjwp",
        "我的订单到哪了",
        "😀",
        "مرحبا",
        "",
    ],
)
def test_data_and_what_nobody_knows_are_left_alone(message: str) -> None:
    found = normalise(message, WORDS, spelling=True)
    assert found.text == message
    assert found.offsets == tuple((at, at + 1) for at in range(len(message)))


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("cacnel my ordre", "cancel my order"),
        ("invoce", "invoice"),
        ("passqord", "password"),
        ("purchases", "purchases"),
        ("teh", "teh"),
    ],
)
def test_one_slip_of_the_finger_is_mended_when_asked(message: str, meant: str) -> None:
    assert normalise(message, WORDS, spelling=True).text == meant
    assert normalise(message, WORDS).text == message


def test_without_a_vocabulary_only_what_needs_none_is_changed() -> None:
    assert normalise("plzzz cancelmyorder thx").text == "plzz cancelmyorder thanks"


def test_what_is_found_in_the_result_is_shown_in_the_message() -> None:
    message = "Ｐｌｓ cancelmyorder　ＦＤ-10023 asap"
    found = normalise(message, WORDS)
    assert found.text == "please cancel my order FD-10023 asap"
    assert _shown(found, message, "FD-10023") == "ＦＤ-10023"
    assert _shown(found, message, "please") == "Ｐｌｓ"
    assert _shown(found, message, "my") == "my"
    assert _shown(found, message, "my order") == "myorder"


def test_offsets_map_back_exactly() -> None:
    chance = random.Random(7)
    parts = [
        *KNOWN,
        "u",
        "pls",
        "cancelmyorder",
        "helllp",
        "肿么",
        "退宽",
        "10023",
        "ﬁ",
        "İ",
        "\u200b",
        "　",
        "😀",
    ]
    for _ in range(500):
        message = "".join(
            chance.choice(parts) + chance.choice(["", " ", ", "])
            for _ in range(chance.randint(0, 8))
        )
        found = normalise(message, WORDS, spelling=chance.random() < 0.5)
        assert len(found.offsets) == len(found.text)
        last = (0, 0)
        for character, (start, end) in zip(found.text, found.offsets, strict=True):
            assert 0 <= start <= end <= len(message)
            assert (start, end) >= last or character == " "
            last = max(last, (start, end))
            if end - start == 1 and not character.isspace() and message[start].isascii():
                assert character in unicodedata.normalize("NFKC", message[start]) or _rewritten(
                    found, start, end
                )


def _rewritten(found: Normalised, start: int, end: int) -> bool:
    """A one-letter word ("u") became several characters that all stand for it."""
    return found.offsets.count((start, end)) > 1


def _shown(found: Normalised, message: str, part: str) -> str:
    at = found.text.index(part)
    start, end = found.span(at, at + len(part))
    return message[start:end]
