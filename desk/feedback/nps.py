"""Whether customers recommend us, as figures, computed from events.

The net promoter score is the share of 9s and 10s less the share of 0s to 6s among the answers: F. F. Reichheld,
"The One Number You Need to Grow", Harvard Business Review 81 (12), 2003, pp. 46-54. It lies within -1 and 1.

Its interval is the adjusted Wald interval (3, T) of B. Rocks, "Interval Estimation for the 'Net Promoter Score'",
The American Statistician 70 (4), 2016, pp. 365-372: three answers are added, 3/4 promoters, 3/4 detractors and 3/2
passives, and then NPS +- z * sqrt((p + d - (p - d)^2) / n) is taken with the shares p and d of these. Unlike the plain
one it is no point when all answers are alike, and it holds for few answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from desk.feedback.csat import Z_95, Answer
from desk.feedback.kinds import SCALES
from desk.tables.feedback import FeedbackKind

PROMOTER, DETRACTOR = 9, 6
_ADDED, _ADDED_ENDS = 3.0, 0.75


@dataclass(frozen=True, kw_only=True)
class NpsFigures:
    """Recommendation; shares are 0 to 1, the score and its interval -1 to 1, None without answers."""

    surveyed: int
    answered: int
    answered_surveys: int
    promoters: int
    passives: int
    detractors: int
    nps: float | None
    nps_low: float | None
    nps_high: float | None
    response_rate: float | None
    distribution: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class NpsReport:
    """The figures of everybody, and of each group when a grouping was asked for."""

    all: NpsFigures
    groups: Mapping[str, NpsFigures] = field(default_factory=dict)


def nps_interval(
    promoters: int, detractors: int, answers: int, z: float = Z_95
) -> tuple[float, float] | None:
    """Return the 95% interval of a net promoter score, each end within -1 to 1; None without answers."""
    if answers <= 0:
        return None
    total = answers + _ADDED
    up, down = (promoters + _ADDED_ENDS) / total, (detractors + _ADDED_ENDS) / total
    spread = z * sqrt((up + down - (up - down) ** 2) / total)
    return max(-1.0, up - down - spread), min(1.0, up - down + spread)


def nps_figures(answers: Iterable[Answer]) -> NpsFigures:
    """Add up answers."""
    kept = list(answers)
    scores = [answer.score for answer in kept if answer.score is not None]
    surveyed = sum(answer.asked for answer in kept)
    replies = sum(answer.asked and answer.score is not None for answer in kept)
    up = sum(score >= PROMOTER for score in scores)
    down = sum(score <= DETRACTOR for score in scores)
    interval = nps_interval(up, down, len(scores))
    return NpsFigures(
        surveyed=surveyed,
        answered=len(scores),
        answered_surveys=replies,
        promoters=up,
        passives=len(scores) - up - down,
        detractors=down,
        nps=(up - down) / len(scores) if scores else None,
        nps_low=interval[0] if interval else None,
        nps_high=interval[1] if interval else None,
        response_rate=replies / surveyed if surveyed else None,
        distribution={score: scores.count(score) for score in SCALES[FeedbackKind.NPS]},
    )
