"""Every word a page asks for is there, in both languages, with the same values."""

import re
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from console import shown
from console.wording import WORDS
from desk.tables.conversation import Author, Owner
from desk.tables.outbox import OutboxState
from desk.tables.shop import OrderStatus
from desk.tables.ticket import EntryKind, TicketPriority, TicketStatus, TicketTopic
from tests.conftest import NOON

CONSOLE = Path(shown.__file__).parent
_USED = re.compile(
    r"""\bt\(["']([a-z_.]+[a-z_0-9])["']|["']((?:problem|sign_in)\.(?!html)[a-z_]+)["']"""
)
KINDS = {
    "owner": Owner,
    "tab": Owner,
    "hint": Owner,
    "author": Author,
    "sent": OutboxState,
    "order": OrderStatus,
    "status": TicketStatus,
    "priority": TicketPriority,
    "topic": TicketTopic,
    "entry": EntryKind,
}


def test_every_word_that_is_used_is_there() -> None:
    files = [*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")]
    used = {a or b for file in files for a, b in _USED.findall(file.read_text())}
    assert len(used) > 100
    assert used - WORDS.keys() == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_has_words(kind: str) -> None:
    assert {f"{kind}.{value}" for value in KINDS[kind]} - WORDS.keys() == set()


def test_both_languages_take_the_same_values() -> None:
    for key, texts in WORDS.items():
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert all(texts), key
        assert fields[0] == fields[1], key


@pytest.mark.parametrize(
    ("passed", "english", "chinese"),
    [
        (timedelta(seconds=-5), "now", "刚刚"),
        (timedelta(seconds=59), "now", "刚刚"),
        (timedelta(minutes=59), "59 min", "59 分钟"),
        (timedelta(hours=23), "23 h", "23 小时"),
        (timedelta(days=3, hours=5), "3 d", "3 天"),
    ],
)
def test_age(passed: timedelta, english: str, chinese: str) -> None:
    ages = [shown.age(NOON - passed, NOON, language) for language in ("en", "zh")]
    assert ages == [english, chinese]


def test_sizes() -> None:
    assert [shown.size(n) for n in (0, 999, 45_000, 2_500_000)] == [
        "0 B",
        "999 B",
        "45 kB",
        "2.5 MB",
    ]
