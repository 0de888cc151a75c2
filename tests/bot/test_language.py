"""Which language a text is in; the two sides must not differ in it."""

from pathlib import Path

import pytest

from bot.nlu import identify as bots
from tests.bot.language_cases import CASES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("text", "language"), CASES)
def test_the_language_of_a_text(text: str, language: str | None) -> None:
    assert bots.identify(text) == language


def test_both_sides_have_the_same_rule() -> None:
    own, copy = (ROOT / path for path in ("bot/nlu/identify.py", "desk/dialogue/identify.py"))
    assert own.read_bytes() == copy.read_bytes()


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "好" * 10_000, "a@" * 5_000, "@" * 10_000, "a-1" * 3_000, "'" * 9_999]
)
def test_a_long_text_is_no_trouble(text: str) -> None:
    bots.identify(text)
