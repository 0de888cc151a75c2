"""Valence and anger of English text: VADER with the words of a shop, and phrases that VADER cannot know."""

from __future__ import annotations

import re

from bot.nlu.mood.entries import Entry, Tone
from bot.nlu.mood.phrases import Phrases
from bot.nlu.vader import Vader

# "Does it break easily?" tells little about the mood.
ASKED = 0.25
STRONG = 3.0

_WORDS = re.compile(r"[a-z0-9]+(?:['’][a-z]+)*")
_ASKS = re.compile(
    r"^\W*(?:(?:and|so|but|hi|hello|hey|please)\W+)?(?:how|what|when|where|which|who|do|does|did|is|are|can|could|will|would|if)\b",
    re.IGNORECASE,
)
_DENIES = frozenset(("not", "no", "never", "isn't", "aren't", "don't", "wasn't", "isnt", "dont"))


class English:
    """Reads the tone of English text."""

    def __init__(self, entries: dict[str, Entry], valences: dict[str, float]) -> None:
        """`entries` are our own words and phrases, `valences` VADER's lexicon."""
        own = {text: entry.valence for text, entry in entries.items() if " " not in text}
        merged = {word: valence for word, valence in (valences | own).items() if valence}
        # What is no praise in a shop is no word of VADER's either.
        for word in own:
            if not own[word]:
                merged.pop(word, None)
        self._vader = Vader(merged)
        self._phrases = Phrases({tuple(text.split()): entry for text, entry in entries.items()})

    def read(self, text: str) -> Tone:
        """The tone of a whole message."""
        words = _WORDS.findall(text.lower().replace("’", "'"))
        anger: list[float] = []
        valence = 0.0
        for start, end, entry in self._phrases.find(words):
            # What is denied ("I'm not angry") is not shouted.
            if entry.anger and _DENIES.isdisjoint(words[max(start - 2, 0) : start]):
                anger.append(entry.anger)
            if end - start > 1:
                valence += entry.valence
        told = self._vader.read(text).total()
        asks = abs(told) < STRONG and not anger and _ASKS.match(text)
        return Tone(valence + told * (ASKED if asks else 1), tuple(anger))
