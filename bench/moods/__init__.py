"""Utterances labelled with the customer's mood, and how often a reader agrees.

Files of lines LABEL, tab, TEXT; labels are - 0 +, and -! for an angry one. `LANGUAGE.tsv` was at hand when the word
lists were made; `LANGUAGE_others.tsv` was written by others, and labelled before its readings were looked at.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.nlu.mood import MoodReader
from bot.nlu.vader import Vader

FIRST, OTHERS = "", "_others"

_LABELS = {"-": "negative", "0": "neutral", "+": "positive"}
_ANGRY = 0.5
# The bounds that VADER's authors give.
_VADER_NEUTRAL = 0.05


@dataclass(frozen=True)
class Example:
    """A text, the label that a person gave it, and whether it sounds angry."""

    text: str
    label: str
    is_angry: bool


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1 over `number` texts; `errors` are (text, label, reading)."""

    number: int
    accuracy: float
    macro_f1: float
    anger_precision: float
    anger_recall: float
    errors: list[tuple[str, str, str]]


def read_moods(language: str, part: str) -> list[Example]:
    """The labelled texts of a language, `FIRST` or `OTHERS`."""
    path = Path(__file__).with_name(f"{language}{part}.tsv")
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line)
    return [Example(text, _LABELS[mark[0]], mark.endswith("!")) for mark, text in rows]


def measure(
    examples: Iterable[Example], *, reader: MoodReader | None = None, vader: Vader | None = None
) -> Figures:
    """How a reader, or plain VADER, agrees with the labels."""
    pairs: Counter[tuple[str, str]] = Counter()
    anger: Counter[tuple[bool, bool]] = Counter()
    errors: list[tuple[str, str, str]] = []
    for example in examples:
        found, is_angry = _read(example.text, reader, vader)
        pairs[example.label, found] += 1
        anger[example.is_angry, is_angry] += 1
        if found != example.label:
            errors.append((example.text, example.label, found))
    number = pairs.total()
    return Figures(
        number,
        1 - len(errors) / number,
        sum(_f1(pairs, label) for label in _LABELS.values()) / len(_LABELS),
        anger[True, True] / max(anger[True, True] + anger[False, True], 1),
        anger[True, True] / max(anger[True, True] + anger[True, False], 1),
        errors,
    )


def _read(text: str, reader: MoodReader | None, vader: Vader | None) -> tuple[str, bool]:
    if reader is not None:
        mood = reader.read(text)
        return mood.label.value, mood.anger >= _ANGRY
    if vader is None:
        raise TypeError("a reader or VADER is needed")
    compound = vader.polarity_scores(text)["compound"]
    if abs(compound) < _VADER_NEUTRAL:
        return "neutral", False
    return ("positive" if compound > 0 else "negative"), False


def _f1(pairs: Counter[tuple[str, str]], label: str) -> float:
    told = sum(count for (_, found), count in pairs.items() if found == label)
    real = sum(count for (wanted, _), count in pairs.items() if wanted == label)
    return 2 * pairs[label, label] / max(told + real, 1)
