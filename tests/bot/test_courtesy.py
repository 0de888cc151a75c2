"""Thanks and greetings around a sentence; what is only courtesy stays whole."""

from __future__ import annotations

import time

import pytest

from bot.nlu.courtesy import essence


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Great, thanks! Can I still return it?", "Can I still return it?"),
        ("ok thanks. and the invoice?", "and the invoice?"),
        ("hi, where is my order", "where is my order"),
        ("Perfect! Thank you so much. When does it arrive?", "When does it arrive?"),
        ("can i return it? thanks", "can i return it?"),
        ("where is my order, thanks!", "where is my order"),
        ("谢谢！那还能退货吗？", "那还能退货吗？"),
        ("好的，谢谢。发票怎么开", "发票怎么开"),
        ("你好，我要查订单", "我要查订单"),
        ("发票怎么开？谢谢", "发票怎么开？"),
    ],
)
def test_the_sentence_is_left(text: str, rest: str) -> None:
    assert essence(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thanks",
        "Thank you so much!",
        "thanks for your help",
        "thanks, bye",
        "hi there!",
        "great product but arrived broken",
        "thanks but the lamp is still broken",
        "ok, cancel it",
        "谢谢你的帮助",
        "好的，谢谢",
        "谢谢，再见",
        "👍",
    ],
)
def test_courtesy_and_little_else_stays_whole(text: str) -> None:
    assert essence(text) == text


def test_long_texts_take_no_long_time() -> None:
    started = time.perf_counter()
    for text in ("thanks, " * 400, "ok " * 900, "great! " * 400, " ," * 1500, "好的，" * 700):
        essence(text[:2000] + "x")
    assert time.perf_counter() - started < 2
