"""How the three words before a charged word, and idioms around it, bend its valence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.nlu.vader.word import CAPITAL, Word
from bot.nlu.vader.words import BOOST, CAPITALS, IDIOMS, NEGATION, WEAKENING_PAIRS

_FADES = (1.0, 0.95, 0.9)


def bend(valence: float, before: Sequence[Word], shouts: bool) -> float:
    """The valence after one to three words, nearest first; `shouts`: some words of the text are capitals, not all."""
    after_so = before[0].is_so
    for distance, word in enumerate(before):
        if word.is_known:
            continue
        if word.boost:
            boost = word.boost if valence >= 0 else -word.boost
            if shouts and word.kind & CAPITAL:
                boost += CAPITALS if valence > 0 else -CAPITALS
            valence += boost * _FADES[distance]
        # "never so good" is praise; the original takes any "so" three words on for one.
        if distance == 1 and after_so and word.text == "never":
            valence *= 1.5
        elif distance == 2 and (after_so or (before[1].is_so and word.text == "never")):
            valence *= 1.25
        elif word.negates:
            valence *= NEGATION
    return valence


def is_least(before: Sequence[Word]) -> bool:
    """True after "least", but not after "at least" and "very least"."""
    if before[0].is_known or before[0].text.lower() != "least":
        return False
    return len(before) == 1 or before[1].text.lower() not in ("at", "very")


def idiom(valence: float, words: Sequence[Word], place: int) -> float:
    """The valence of the idiom that the word at `place` (at least 3) ends, follows or starts, else the one given."""
    around = tuple(word.text for word in words[place - 3 : place + 3])
    for run in (around[2:4], around[1:4], around[1:3], around[:3], around[:2]):
        if run in IDIOMS:
            valence = IDIOMS[run]
            break
    for run in (around[3:5], around[3:6]):
        valence = IDIOMS.get(run, valence)
    if around[:2] in WEAKENING_PAIRS or around[1:3] in WEAKENING_PAIRS:
        valence -= BOOST
    return valence
