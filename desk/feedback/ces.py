"""How easy it was for customers, as figures, computed from events.

The customer effort score is the mean of the answers from 1 (very hard) to 7 (very easy): M. Dixon, K. Freeman and
N. Toman, "Stop Trying to Delight Your Customers", Harvard Business Review 88 (7/8), 2010, in the later form of the
question, in which more is better.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desk.feedback.csat import Answer
from desk.feedback.kinds import SCALES
from desk.tables.feedback import FeedbackKind


@dataclass(frozen=True, kw_only=True)
class CesFigures:
    """Effort; the mean is 1 to 7, None without answers."""

    surveyed: int
    answered: int
    answered_surveys: int
    mean: float | None
    response_rate: float | None
    distribution: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class CesReport:
    """The figures of everybody, and of each group when a grouping was asked for."""

    all: CesFigures
    groups: Mapping[str, CesFigures] = field(default_factory=dict)


def ces_figures(answers: Iterable[Answer]) -> CesFigures:
    """Add up answers."""
    kept = list(answers)
    scores = [answer.score for answer in kept if answer.score is not None]
    surveyed = sum(answer.asked for answer in kept)
    replies = sum(answer.asked and answer.score is not None for answer in kept)
    return CesFigures(
        surveyed=surveyed,
        answered=len(scores),
        answered_surveys=replies,
        mean=sum(scores) / len(scores) if scores else None,
        response_rate=replies / surveyed if surveyed else None,
        distribution={score: scores.count(score) for score in SCALES[FeedbackKind.CES]},
    )
