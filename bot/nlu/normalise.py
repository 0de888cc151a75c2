"""Writes a message as it was probably meant: stretched words, chat spelling, words without spaces, odd characters.

Every character of the result knows the span of the message it stands for, so what is found in the result
can be shown in the message. Words with digits, dots, @ or / are left alone: numbers and addresses are data.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.nlu.chat_words import ANSWERS, HAN, LATIN

Span = tuple[int, int]
Piece = tuple[str, Span]
"""A character of the result and where it comes from; an inserted one comes from an empty span."""

SHORTEST_RUN_ON = 7
LONGEST_RUN_ON = 40
SHORTEST_MISSPELT = 4
ALONE = frozenset({"a", "i"})  # other letters are no words: "btw" is not three of them

_WORD = re.compile(r"(?<![\w@.#/'-])[a-z]+(?:'[a-z]+)?(?![\w@#/'-]|\.\w)")
_CHAT = re.compile(r"(?<![\w@.#/'-])[a-z]+[0-9]?[a-z]*(?![\w@#/'-]|\.\w)")
_HAN = re.compile("|".join(HAN))
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DOUBLED = re.compile(r"([a-z])\1+")

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACES = {key: (row, at) for row, keys in enumerate(_KEYS) for at, key in enumerate(keys)}
# Each row of keys stands half a key to the right of the one above.
_BESIDE = {
    key: "".join(
        other
        for other, (far, there) in _PLACES.items()
        if other != key and abs(far - row) <= 1 and abs(there + far / 2 - at - row / 2) <= 1
    )
    for key, (row, at) in _PLACES.items()
}


@dataclass(frozen=True)
class Normalised:
    """The text as it was meant, and for each of its characters the span in the message."""

    text: str
    offsets: tuple[Span, ...]

    def span(self, start: int, end: int) -> Span:
        """Where the non-empty `text[start:end]` stands in the message."""
        return self.offsets[start][0], self.offsets[end - 1][1]


class Words:
    """The words people use here and how often: they decide where a run-on word is cut."""

    def __init__(self, counts: Counter[str]) -> None:
        """`counts` in lower case."""
        self.counts = counts
        total = sum(counts.values()) + 1
        self._costs = {word: math.log(total / count) for word, count in counts.items()}

    @classmethod
    def of(cls, texts: Iterable[str], *, least: int = 3) -> Words:
        """The words in at least `least` of the texts; rarer ones may be typing errors themselves."""
        counts = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
        return cls(Counter({word: count for word, count in counts.items() if count >= least}))

    def __contains__(self, word: str) -> bool:
        """Whether people use it."""
        return word in self._costs

    def split(self, word: str) -> list[str]:
        """The most likely words that make up `word`, or only itself."""
        best = [(0.0, 0)]
        for end in range(1, len(word) + 1):
            best.append(min((best[at][0] + self._cost(word[at:end]), at) for at in range(end)))
        if math.isinf(best[-1][0]):
            return [word]
        parts, end = [], len(word)
        while end:
            parts.append(word[best[end][1] : end])
            end = best[end][1]
        return parts[::-1]

    def nearest(self, word: str) -> str:
        """The most frequent word that is one slip of the finger away, or `word`."""
        # One and many are both right: "products" that nobody wrote before is no slip of "product".
        near = [
            other
            for other in _slips(word)
            if other in self._costs and other.rstrip("s") != word.rstrip("s")
        ]
        return min(near, key=lambda other: (self._costs[other], other), default=word)

    def _cost(self, part: str) -> float:
        return (
            math.inf if len(part) == 1 and part not in ALONE else self._costs.get(part, math.inf)
        )


def normalise(text: str, words: Words | None = None, *, spelling: bool = False) -> Normalised:
    """The message as it was meant; without `words` only what needs no vocabulary is changed.

    `spelling` also replaces an unknown word by a known one that is one slip of the finger away.
    """
    pieces = _plain(text)
    pieces = _replace(pieces, _HAN, lambda found: HAN[found])
    pieces = _replace(pieces, _CHAT, _unabbreviated(alone=not _has_words(pieces)))
    pieces = _replace(pieces, _WORD, lambda word: _meant(word, words, spelling=spelling))
    pieces = _replace(pieces, _CHAT, _unabbreviated(alone=not _has_words(pieces)))
    return Normalised("".join(each for each, _ in pieces), tuple(span for _, span in pieces))


def _plain(text: str) -> list[Piece]:
    """Full-width forms plain, invisible characters gone, white space a space."""
    pieces: list[Piece] = []
    for at, character in enumerate(text):
        plain = " " if character.isspace() else unicodedata.normalize("NFKC", character)
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf"):
            pieces += [(each, (at, at + 1)) for each in plain.replace("’", "'")]
    return pieces


def _has_words(pieces: list[Piece]) -> bool:
    return len("".join(each for each, _ in pieces).split()) > 1


def _unabbreviated(*, alone: bool) -> Callable[[str], str]:
    return lambda word: word if alone and word in ANSWERS else LATIN.get(word, word)


def _meant(word: str, words: Words | None, *, spelling: bool) -> str:
    """A known word stays; of an unknown one the mildest change that makes it known is taken."""
    if words is None or word in words or word in LATIN:
        return word if words is not None else _STRETCHED.sub(r"\1\1", word)
    for candidate in (
        _STRETCHED.sub(r"\1\1", word),
        _STRETCHED.sub(r"\1", word),
        _DOUBLED.sub(r"\1", word),
    ):
        if candidate in words or candidate in LATIN:
            return candidate
    if SHORTEST_RUN_ON <= len(word) <= LONGEST_RUN_ON and len(parts := words.split(word)) > 1:
        return " ".join(parts)
    return words.nearest(word) if spelling and len(word) >= SHORTEST_MISSPELT else word


def _replace(
    pieces: list[Piece], pattern: re.Pattern[str], meant: Callable[[str], str]
) -> list[Piece]:
    # A few capitals have a longer small form; they are in no pattern, and lengths must stay equal.
    text = "".join(low if len(low := each.lower()) == 1 else each for each, _ in pieces)
    kept: list[Piece] = []
    done = 0
    for match in pattern.finditer(text):
        found = pieces[match.start() : match.end()]
        kept += pieces[done : match.start()] + _pieces(match.group(), meant(match.group()), found)
        done = match.end()
    return kept + pieces[done:]


def _pieces(before: str, after: str, found: list[Piece]) -> list[Piece]:
    """What stays keeps its characters' own spans; a word that was rewritten stands for the whole of the old one."""
    if before == after:
        return found
    if after.replace(" ", "") != before:
        return [(each, (found[0][1][0], found[-1][1][1])) for each in after]
    split: list[Piece] = []
    rest = iter(found)
    for each in after:
        split.append((" ", (split[-1][1][1],) * 2) if each == " " else next(rest))
    return split


def _slips(word: str) -> set[str]:
    """What may have been meant: two letters swapped, one too many or too few, or the key beside the right one hit."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(left + right[1:] for left, right in cuts if right),
        *(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1),
        *(
            left + key + right[1:]
            for left, right in cuts
            if right
            for key in _BESIDE.get(right[0], "")
        ),
        *(left + letter + right for left, right in cuts for letter in _BESIDE),
    }
