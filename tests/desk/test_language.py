"""The language that the customer is answered in."""

import pytest

from desk.dialogue.language import detect
from tests.bot.language_cases import CASES


@pytest.mark.parametrize("current", ["en", "zh"])
@pytest.mark.parametrize(("text", "language"), CASES)
def test_only_our_languages_change_the_conversation(
    text: str, language: str | None, current: str
) -> None:
    assert detect(text, current) == (language if language in ("en", "zh") else current)


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [
        ("说中文", "en", "zh"),
        ("請用英文回答", "zh", "en"),
        ("speak English please", "zh", "en"),
        ("can you speak chinese", "en", "zh"),
        ("English", "zh", "en"),
    ],
)
def test_a_wish_decides(text: str, current: str, language: str) -> None:
    assert detect(text, current) == language
