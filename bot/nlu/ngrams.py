"""The features of a text: which words, runs of Chinese characters and pieces of words stand in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import regex

from bot.nlu.tokenizer import CJK

LONGEST_WORDS = 2
LONGEST_CHARACTERS = 3
PIECES = range(2, 6)
# Nobody types words like this; they would only cost time.
LONGEST_WORD = 40

_NUMBER = re.compile(r"[0-9]+")
_CJK_ONLY = regex.compile(rf"[{CJK}]+")


def ngrams(tokens: Iterable[str]) -> Counter[str]:
    """How often each feature occurs in a text, given its tokens."""
    return Counter(_features([_normal(token) for token in tokens]))


def _normal(token: str) -> str:
    """Full-width forms become plain, all numbers look alike."""
    plain = unicodedata.normalize("NFKC", token).lower().replace("’", "'")
    return _NUMBER.sub("0", plain)[:LONGEST_WORD]


def _features(words: list[str]) -> Iterator[str]:
    is_cjk = [_CJK_ONLY.fullmatch(word) is not None for word in words]
    for start, word in enumerate(words):
        yield from _runs(words, is_cjk, start)
        if not is_cjk[start]:
            yield from _pieces(word)


def _runs(words: list[str], is_cjk: list[bool], start: int) -> Iterator[str]:
    """Runs of words from `start`; runs of Chinese characters may be longer, as a character is less than a word."""
    for end in range(start + 1, min(start + LONGEST_CHARACTERS, len(words)) + 1):
        if end - start <= LONGEST_WORDS or all(is_cjk[start:end]):
            yield "w:" + " ".join(words[start:end])


def _pieces(word: str) -> Iterator[str]:
    """Pieces of a word with its edges marked: they carry typos, endings and words run together."""
    edged = f" {word} "
    for length in PIECES:
        for start in range(len(edged) - length + 1):
            yield "c:" + edged[start : start + length]
