"""Which words, pieces of words and runs of characters stand in a text."""

from __future__ import annotations

import re
import unicodedata

# Scripts without spaces, and Korean, whose words change their endings: a character says as much as a piece of a word.
CJK = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
)

Grams = tuple[list[str], list[str]]
"""The words of a text, and the pieces of its words."""

LONGEST_CJK = 3
PIECES = (2, 3, 4, 5)
# Nobody types words like this; they would only cost time.
LONGEST_WORD = 40
# Of an endless message the beginning and the end are read: people ask there.
HEAD, TAIL = 700, 300

_TOKEN = re.compile(
    rf"[{CJK}]+|[^\W{CJK}]+(?:['-][^\W{CJK}]+)*|[?!]|[\u2190-\u2bff\U0001f000-\U0001faff]"
)
_CJK_FIRST = re.compile(rf"[{CJK}]")
_NUMBER = re.compile(r"\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff]+")


def plain(text: str) -> str:
    """The text as people see it: one spelling of each character, no control characters, bounded length."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]} {text[-TAIL:]}"
    if text.isascii() and text.isprintable():
        return text.strip()
    # One character may stand for eighteen, so what was cut may be long again.
    spelled = unicodedata.normalize("NFKC", text)[: HEAD + TAIL]
    return _CONTROL.sub(" ", _INVISIBLE.sub("", spelled)).strip()


def ngrams(text: str) -> Grams:
    """Words, pairs of words and runs of Chinese, Japanese or Korean characters; and pieces of the other words."""
    words: list[str] = []
    pieces: list[str] = []
    before = ""
    for token in _TOKEN.findall(_NUMBER.sub("0", text.lower().replace("’", "'"))):
        if _CJK_FIRST.match(token):
            words += _runs(token)
            before = ""
            continue
        word = token[:LONGEST_WORD]
        words.append(word)
        if before:
            words.append(f"{before} {word}")
        before = word
        pieces += _pieces(word)
    return words, pieces


def _runs(characters: str) -> list[str]:
    count = len(characters)
    return [
        characters[start : start + length]
        for length in range(1, LONGEST_CJK + 1)
        for start in range(count - length + 1)
    ]


def _pieces(word: str) -> list[str]:
    """Pieces with the edges of the word marked: they carry typos, endings and words run together."""
    edged = f" {word} "
    count = len(edged)
    return [
        edged[start : start + length] for length in PIECES for start in range(count - length + 1)
    ]
