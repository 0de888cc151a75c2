"""Figures of an intent classifier, from what was meant and what was understood.

Precision, recall and F1 of an intent as usual (C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7); the
macro F1 is the mean over the intents that are meant at least once. A fallback counts as wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

FALLBACK = "nlu_fallback"
_MOST_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A text, the intent that is meant and the one that was understood; ``ms`` is how long that took."""

    text: str
    intent: str
    predicted: str
    ms: float


@dataclass(frozen=True, kw_only=True)
class IntentFigures:
    """One intent; ``n`` counts the texts that mean it, the shares are 0 to 1."""

    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Texts that mean one intent and were understood as another; up to three of them as examples."""

    intent: str
    predicted: str
    n: int
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All figures; the most frequent confusion stands first."""

    n: int
    accuracy: float
    macro_f1: float
    fallback_rate: float
    p50_ms: float
    per_intent: Mapping[str, IntentFigures]
    confusions: tuple[Confusion, ...]


def evaluate(answers: Sequence[Answer]) -> Evaluation:
    """Return the figures of at least one answer.

    Raises:
        ValueError: there are no answers.
    """
    if not answers:
        raise ValueError("no answers to evaluate")
    per_intent = _per_intent(answers)
    return Evaluation(
        n=len(answers),
        accuracy=fmean(answer.predicted == answer.intent for answer in answers),
        macro_f1=fmean(figures.f1 for figures in per_intent.values()),
        fallback_rate=fmean(answer.predicted == FALLBACK for answer in answers),
        p50_ms=median(answer.ms for answer in answers),
        per_intent=per_intent,
        confusions=_confusions(answers),
    )


def _per_intent(answers: Iterable[Answer]) -> dict[str, IntentFigures]:
    meant: Counter[str] = Counter()
    understood: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for answer in answers:
        meant[answer.intent] += 1
        understood[answer.predicted] += 1
        right[answer.intent] += answer.predicted == answer.intent
    return {
        intent: IntentFigures(
            n=n,
            precision=right[intent] / understood[intent] if understood[intent] else 0.0,
            recall=right[intent] / n,
            f1=2 * right[intent] / (n + understood[intent]),
        )
        for intent, n in sorted(meant.items())
    }


def _confusions(answers: Iterable[Answer]) -> tuple[Confusion, ...]:
    texts: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for answer in answers:
        if answer.predicted != answer.intent:
            texts[answer.intent, answer.predicted].append(answer.text)
    ranked = sorted(texts.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Confusion(
            intent=intent,
            predicted=predicted,
            n=len(wrong),
            examples=tuple(wrong[:_MOST_EXAMPLES]),
        )
        for (intent, predicted), wrong in ranked
    )
