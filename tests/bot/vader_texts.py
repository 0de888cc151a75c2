"""Texts made at random from everything that VADER's rules look at."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from bot.nlu.vader import read_lexicon
from bot.nlu.vader.words import BOOSTERS, IDIOMS, NEGATIONS, PUNCTUATION, WEAKENING_PAIRS

_RUNS = [" ".join(run) for run in (*IDIOMS, *sorted(WEAKENING_PAIRS))]
_TURNS_TEXT = """
but But BUT butter never so this at very least Least kind Kind KIND of OF sort the just enough right yeah wasn't
hadn't N'T couldn't, don't! -not- so, never,
"""
_NOTHING_TEXT = """
where is my order parcel I a 订单 很好 😀 great😀 é naïve İstanbul ǅ ß 10023 $5 b4 x :) :( :D ;-) <3 #good @bad
good/bad a.b.c ... -- '' ' “good” good… ＯＫ
"""
_MARKS = [*sorted(PUNCTUATION), "...", "!!!!!", "*", "#", "@", "(", ")", "，", "\u200b"]
_GAPS = [" ", " ", "  ", "\n", "\t", "\u3000", "\x1c", "\xa0"]
_ENDS = ["", "", "!", "?", "??", "???", "!!!!!!", "?!?!?", " !", " ??"]


def texts(seed: int, number: int) -> Iterator[str]:
    """A number of texts, the same ones for the same seed."""
    random = Random(seed)
    lexicon = list(read_lexicon())
    lists = [
        lexicon,
        list(BOOSTERS),
        sorted(NEGATIONS),
        _TURNS_TEXT.split(),
        _NOTHING_TEXT.split(),
    ]
    for _ in range(number):
        yield _text(random, lists)


def _text(random: Random, lists: list[list[str]]) -> str:
    words = [_word(random, random.choice(lists)) for _ in range(random.randint(0, 14))]
    if words and random.random() < 0.3:
        words += random.choices(words, k=3)
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        place = random.randint(0, len(words))
        words[place:place] = random.choice(
            [*_RUNS, "never so", "never this", "at least", "very least"]
        ).split()
    return random.choice(_GAPS).join(words) + random.choice(_ENDS)


def _word(random: Random, words: list[str]) -> str:
    word = random.choice([str, str, str, str.upper, str.title])(random.choice(words))
    before, after = ("" if random.random() < 0.85 else random.choice(_MARKS) for _ in range(2))
    return before + word + after
