"""The words of a text as VADER takes them (emoticons and contractions stay whole), and what each does."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import NamedTuple

from bot.nlu.vader.words import BOOSTERS, NEGATIONS, PUNCTUATION, RARE_WORDS

_MARKS = frozenset(string.punctuation)
_SO = ("so", "this")
# Other words that the lexicon does not know do nothing.
_NOTABLE = {*BOOSTERS, *NEGATIONS, *RARE_WORDS, *_SO, "least", "but"}


# What a text must be looked at for, as bits of `Word.kind`.
CHARGED, CAPITAL, RARE, BUT, BENDING = 1, 2, 4, 8, 16
KINDS = range(32)


class Word(NamedTuple):
    """A word and all that depends on it alone; worked out once, as words repeat."""

    text: str
    kind: int
    charge: float | None
    is_known: bool
    boost: float
    negates: bool
    is_so: bool


def describe(lexicon: Mapping[str, float], token: str) -> Word | None:
    """The word in a token; None for a single character, which does not count."""
    if len(token) < 2:
        return None
    text = bare(token)
    lower = text.lower()
    charge = lexicon.get(lower)
    is_known = charge is not None
    if not is_known and lower not in _NOTABLE and "n't" not in lower:
        return Word(text, CAPITAL if text.isupper() else 0, None, False, 0.0, False, False)
    boost = BOOSTERS.get(lower, 0.0)
    if boost:
        # A booster is never charged itself, although the lexicon has some of them.
        charge = None
    negates = lower in NEGATIONS or "n't" in lower
    # A known word does nothing to its neighbours, except that "so" is looked for by name.
    bends = text in _SO or (not is_known and (negates or boost != 0 or lower == "least"))
    kind = (
        (CHARGED if charge is not None else 0)
        | (CAPITAL if text.isupper() else 0)
        | (RARE if text in RARE_WORDS or lower == "kind" else 0)
        | (BUT if lower == "but" else 0)
        | (BENDING if bends else 0)
    )
    return Word(text, kind, charge, is_known, boost, negates, text in _SO)


def bare(token: str) -> str:
    """A token without the punctuation on one of its sides.

    NLTK looks each token up in a table of all the text's words with each punctuation before or after. A token is in
    it exactly if what remains of it has two characters or more and no punctuation.
    """
    if token.isalnum():
        return token
    word = token.rstrip(string.punctuation)
    mark = token[len(word) :]
    if not mark:
        word = token.lstrip(string.punctuation)
        mark = token[: len(token) - len(word)]
    return word if mark in PUNCTUATION and len(word) > 1 and _MARKS.isdisjoint(word) else token
