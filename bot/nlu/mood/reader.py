"""Puts together what words, pictures and shouting tell about a message's mood."""

from __future__ import annotations

import re
from enum import Enum
from math import prod, sqrt
from typing import NamedTuple

from bot.nlu.mood.chinese import Chinese
from bot.nlu.mood.english import English
from bot.nlu.mood.entries import Entry, Tone, read_entries
from bot.nlu.mood.shouting import shouting
from bot.nlu.vader import read_lexicon
from bot.nlu.vader.words import ALPHA

# Polarities nearer to 0 are neutral.
NEUTRAL = 0.2
ANGRY = 0.5

_HAN = re.compile(r"[㐀-鿿豈-﫿]+")
_LATIN = re.compile(r"[A-Za-z:;=]")


class Label(str, Enum):
    """Which side a polarity is on."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Mood(NamedTuple):
    """Polarity from -1 to 1, its label, and anger from 0 to 1 (from 0.5 on somebody is angry)."""

    polarity: float
    label: Label
    anger: float


class MoodReader:
    """Reads moods; it holds word lists only and may be shared."""

    def __init__(self, english: English, chinese: Chinese, pictures: dict[str, Entry]) -> None:
        """`open_reader` builds the usual one."""
        self._english = english
        self._chinese = chinese
        self._pictures = pictures
        self._picture = re.compile("|".join(map(re.escape, pictures)))

    def read(self, text: str) -> Mood:
        """The mood of one message, whatever languages it mixes."""
        tones = list(self._tones(text))
        valence = sum(tone.valence for tone in tones)
        polarity = valence / sqrt(valence * valence + ALPHA)
        cues = [cue for tone in tones for cue in tone.anger]
        # Shouting may be joy: "AMAZING!!!"
        if valence <= 0:
            cues.extend(shouting(text))
        anger = 1.0 - prod(1 - cue for cue in cues)
        return Mood(round(polarity, 4), _label(polarity), round(anger, 4))

    def _tones(self, text: str) -> list[Tone]:
        tones: list[Tone] = []
        words = text
        if _HAN.search(text):
            tones.append(self._chinese.read(text))
            words = _HAN.sub(" ", text)
        if _LATIN.search(words):
            tones.append(self._english.read(words))
        if not text.isascii():
            found = [self._pictures[picture] for picture in self._picture.findall(text)]
            # The tenth heart is no more love than the third.
            tones.extend(Tone(one.valence, (one.anger,)) for one in found[:3])
        return tones


def open_reader() -> MoodReader:
    """A reader with the word lists that are shipped."""
    return MoodReader(
        English(read_entries("english"), read_lexicon()),
        Chinese(read_entries("chinese")),
        read_entries("emoji"),
    )


def _label(polarity: float) -> Label:
    if abs(polarity) < NEUTRAL:
        return Label.NEUTRAL
    return Label.POSITIVE if polarity > 0 else Label.NEGATIVE
