"""The words of look-up tables, all found in one pass (Aho and Corasick, 1975)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import ahocorasick

from bot.nlu.entities.fold import fold, lower
from bot.nlu.entities.hits import Hit, Rank

# Scripts that put no spaces between words; a word of them may stand anywhere.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PLURALS = ((re.compile(r"[^aeiou]y$"), 1, "ies"), (re.compile(r"(?:[sx]|[cs]h)$"), 0, "es"))


class Lookups:
    """Finds whole words in Latin script and the like, and words anywhere in Chinese and Japanese."""

    def __init__(self, tables: Mapping[str, Sequence[str]], *, boundaries: bool = True) -> None:
        """`tables` holds the words by entity; of one word in two tables the first table wins."""
        self._boundaries = boundaries
        found: dict[str, tuple[int, str, str]] = {}
        pairs = [(entity, word.strip()) for entity, words in tables.items() for word in words]
        # Plurals come last, so that none takes the place of a word that stands in a table itself.
        forms = [(word, entity, word) for entity, word in pairs]
        forms += [(form, entity, word) for entity, word in pairs for form in _plural(word)]
        for form, entity, word in forms:
            key = lower(fold(form))
            found.setdefault(key, (len(key), entity, word))
        found.pop("", None)
        self._words = ahocorasick.Automaton()
        for key, meaning in found.items():
            self._words.add_word(key, meaning)
        if found:
            self._words.make_automaton()

    def find(self, text: str) -> Iterator[Hit]:
        """Every word in a folded text; the value is the word as the table writes it."""
        if not len(self._words):
            return
        for last, (length, entity, word) in self._words.iter(lower(text)):
            start, end = last - length + 1, last + 1
            if not self._boundaries or _is_whole(text, start, end):
                yield Hit(start, end, Rank.LOOKUP, entity, word)


def _plural(word: str) -> tuple[str, ...]:
    """How an English word may end when there are several; nothing for other scripts and for plurals."""
    if not word[-1:].isascii() or not word[-1:].isalpha() or word.endswith("s"):
        return ()
    for ending, cut, added in _PLURALS:
        if ending.search(word):
            return (word[: len(word) - cut] + added,)
    return (word + "s",)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit of a script with spaces continues the word on either side; "e-wallet" is one word."""
    before, after = text[max(0, start - 2) : start][::-1], text[end : end + 2]
    goes_on_before = _joins(text[start]) and _continues(before)
    return not goes_on_before and not (_joins(text[end - 1]) and _continues(after))


def _continues(outward: str) -> bool:
    """Whether the two characters beyond an edge, nearest first, belong to the word."""
    if outward[:1] in ("-", "@"):
        outward = outward[1:]
    return _joins(outward[:1])


def _joins(character: str) -> bool:
    return (character.isalnum() or character == "_") and not _WITHOUT_SPACES.match(character)
