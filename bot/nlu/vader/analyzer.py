"""VADER's scores of a text, equal to those of `nltk.sentiment.vader`, in a tenth of the time.

Hutto and Gilbert (2014). NLTK's rules differ in places from vaderSentiment's (negation, "but", idioms, emoji);
NLTK's are the reference. Most words say nothing: they are found by look-ups that run in C, and only what is left is
looked at word by word. The order of the additions is NLTK's, so that the last digit is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import sqrt
from operator import attrgetter
from typing import NamedTuple, TypedDict

from bot.nlu.vader.context import bend, idiom, is_least
from bot.nlu.vader.memo import Memo
from bot.nlu.vader.word import BENDING, BUT, CAPITAL, CHARGED, KINDS, RARE, Word, describe
from bot.nlu.vader.words import ALPHA, CAPITALS, NEGATION

_KIND = attrgetter("kind")


def _with(bit: int) -> frozenset[int]:
    return frozenset(kind for kind in KINDS if kind & bit)


_CHARGED, _CAPITAL, _RARE, _BUT = map(_with, (CHARGED, CAPITAL, RARE, BUT))
# A text without any of these leaves every word its plain valence.
_BENDING = _CAPITAL | _RARE | _with(BENDING)


class Scores(TypedDict):
    """The shares of negative, neutral and positive words (0 to 1), and the whole in one number (-1 to 1)."""

    neg: float
    neu: float
    pos: float
    compound: float


class Reading(NamedTuple):
    """The valences of the charged words in their order, the number of all words, the emphasis of ! and ?."""

    valences: list[float]
    words: int
    emphasis: float

    def total(self) -> float:
        """The sum of all, pushed outwards by the emphasis."""
        total = float(sum(self.valences))
        if total == 0:
            return total
        return total + self.emphasis if total > 0 else total - self.emphasis


class Vader:
    """Scores English texts by a lexicon of valences from -4 to 4."""

    def __init__(self, lexicon: Mapping[str, float]) -> None:
        """`read_lexicon()` reads the one that is shipped."""
        self._words = Memo(partial(describe, lexicon))

    def polarity_scores(self, text: str) -> Scores:
        """The four numbers, rounded as NLTK rounds them (a text without words has zeros only)."""
        reading = self.read(text)
        if reading.valences:
            return _scores(reading)
        return {"neg": 0.0, "neu": 1.0 if reading.words else 0.0, "pos": 0.0, "compound": 0.0}

    def read(self, text: str) -> Reading:
        """What the scores are made of."""
        words = list(filter(None, map(self._words.__getitem__, text.split())))
        kinds = set(map(_KIND, words))
        if kinds.isdisjoint(_CHARGED):
            return Reading([], len(words), 0.0)
        valences = {place: word[2] for place, word in enumerate(words) if word[2] is not None}
        if not kinds.isdisjoint(_BENDING):
            shouts = not (kinds.isdisjoint(_CAPITAL) or kinds <= _CAPITAL)
            _bend_all(valences, words, shouts, not kinds.isdisjoint(_RARE))
        if not kinds.isdisjoint(_BUT):
            _turn(valences, words)
        emphasis = _emphasis(text) if "!" in text or "?" in text else 0.0
        return Reading(list(filter(None, valences.values())), len(words), emphasis)


def _bend_all(valences: dict[int, float], words: list[Word], shouts: bool, idioms: bool) -> None:
    """Bends the valence of each charged word."""
    known: dict[str, float] = {}
    for place, valence in valences.items():
        word = words[place][0]
        # As in NLTK, a word that comes again counts as it did the first time.
        if word not in known:
            known[word] = _valence(words, place, valence, shouts, idioms)
        valences[place] = known[word]


def _valence(words: list[Word], place: int, valence: float, shouts: bool, idioms: bool) -> float:
    """The valence of the charged word at a place among its neighbours."""
    if idioms and _is_kind_of(words, place):
        return 0.0
    if shouts and words[place].kind & CAPITAL:
        valence += CAPITALS if valence > 0 else -CAPITALS
    if not place:
        return valence
    before = words[max(place - 3, 0) : place]
    before.reverse()
    for other in before:
        if other.kind & BENDING:
            valence = bend(valence, before, shouts)
            break
    if idioms and place > 2 and not before[2].is_known:
        valence = idiom(valence, words, place)
    return valence * NEGATION if before[0].kind & BENDING and is_least(before) else valence


def _is_kind_of(words: list[Word], place: int) -> bool:
    return [word.text.lower() for word in words[place : place + 2]] == ["kind", "of"]


def _turn(valences: dict[int, float], words: list[Word]) -> None:
    """Halves what stands before the first "but", and raises what follows."""
    turn = next(place for place, word in enumerate(words) if word.kind & BUT)
    for place in valences:
        if place != turn:
            valences[place] *= 0.5 if place < turn else 1.5


def _emphasis(text: str) -> float:
    """What exclamation marks (up to four) and question marks (two or more) add."""
    asks = text.count("?")
    return min(text.count("!"), 4) * 0.292 + (0.96 if asks > 3 else asks * 0.18 if asks > 1 else 0)


def _scores(reading: Reading) -> Scores:
    valences, words, emphasis = reading
    # A charged word counts as itself and as one word.
    positive = negative = 0.0
    for valence in valences:
        if valence > 0:
            positive += valence + 1
        else:
            negative += 1 - valence
    if positive > negative:
        positive += emphasis
    elif negative > positive:
        negative += emphasis
    neutral = words - len(valences)
    whole = positive + negative + neutral
    total = reading.total()
    return {
        "neg": round(negative / whole, 3),
        "neu": round(neutral / whole, 3),
        "pos": round(positive / whole, 3),
        "compound": round(total / sqrt(total * total + ALPHA), 4),
    }
