"""Groups messages that want the same, and proposes what that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from bot.suggest.unclear import Reason, Unclear

NEIGHBOURS = 5
NEIGHBOURS_WEIGHT = 1.0
CLEAR_SHARE = 0.5
"""Of the votes: with less, a person has to decide before anything is approved."""
_ALSO = 3
_WEIGHTS = {
    Reason.REJECTED: 3,
    Reason.NOT_UNDERSTOOD: 2,
    Reason.ASKED_FOR_HUMAN: 2,
    Reason.REPHRASED: 2,
    Reason.OUT_OF_SCOPE: 1,
    Reason.UNSURE: 1,
}


@dataclass(frozen=True)
class Suggestion:
    """Messages that want the same; `intent` is None where nothing speaks for one."""

    intent: str | None
    is_clear: bool
    also: list[str]
    messages: int
    conversations: int
    reasons: dict[str, int]
    examples: list[str]

    @property
    def weight(self) -> int:
        """How much there is to gain: every conversation counts once for each reason."""
        return sum(_WEIGHTS[Reason(name)] * n for name, n in self.reasons.items())


def groups(vectors: np.ndarray, likeness: float) -> list[list[int]]:
    """Rows that are alike on average, by agglomeration (average linkage over cosine distances)."""
    if len(vectors) < 2:
        return [[row] for row in range(len(vectors))]
    # Rows of length 1, so their products are cosines; scipy's own cosine cannot bear a row of zeros.
    distances = 1.0 - np.clip(vectors @ vectors.T, -1.0, 1.0)
    upper = distances[np.triu_indices(len(vectors), k=1)]
    numbers = fcluster(linkage(upper, "average"), 1.0 - likeness, criterion="distance")
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(numbers):
        found[int(number)].append(row)
    return list(found.values())


def neighbour_votes(
    message: np.ndarray, taught: np.ndarray, intents: Sequence[str]
) -> dict[str, float]:
    """What the nearest training examples of one message say, by their likeness."""
    if not len(taught):
        return {}
    likeness = taught @ message
    nearest = np.argsort(-likeness)[:NEIGHBOURS]
    votes: defaultdict[str, float] = defaultdict(float)
    for row in nearest:
        votes[intents[row]] += NEIGHBOURS_WEIGHT / NEIGHBOURS * max(float(likeness[row]), 0.0)
    return dict(votes)


def suggest(
    messages: Sequence[Unclear], neighbours: Sequence[Mapping[str, float]], known: frozenset[str]
) -> Suggestion:
    """One suggestion for messages that want the same; only intents with training data are proposed."""
    votes: Counter[str] = Counter()
    for message, near in zip(messages, neighbours, strict=True):
        for source in (message.votes, near):
            votes.update({intent: n for intent, n in source.items() if intent in known})
    total = sum(votes.values())
    ranked = [intent for intent, n in votes.most_common() if n > 0]
    said = {
        (message.conversation_id, reason) for message in messages for reason in message.reasons
    }
    counts = Counter(reason for _, reason in said)
    return Suggestion(
        intent=ranked[0] if ranked else None,
        is_clear=bool(ranked) and votes[ranked[0]] >= CLEAR_SHARE * total,
        also=ranked[1 : 1 + _ALSO],
        messages=len(messages),
        conversations=len({message.conversation_id for message in messages}),
        reasons={reason.value: counts[reason] for reason in Reason if counts[reason]},
        examples=_typical(messages),
    )


def _typical(messages: Sequence[Unclear]) -> list[str]:
    """The texts, the most frequent first, then the latest."""
    counts = Counter(message.text for message in messages)
    latest = {message.text: message.at for message in sorted(messages, key=lambda one: one.at)}
    return sorted(counts, key=lambda text: (-counts[text], -latest[text], text))
