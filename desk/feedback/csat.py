"""Customer satisfaction as figures, computed from events.

CSAT% is the share of 4s and 5s among the answers; the response rate is answered surveys over surveys sent.
The interval is Wilson's score interval: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical
Inference", Journal of the American Statistical Association 22 (158), 1927, pp. 209-212. It stays inside 0 to 1 and
holds for few answers, where the textbook interval does not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import TypedDict

SCORES = range(1, 6)
SATISFIED = 4
Z_95 = 1.959963984540054
"""The 97.5% point of the normal distribution: a two-sided 95% interval."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Satisfaction of some conversations; shares are 0 to 1, None when there is nothing to divide by.

    ``answered`` counts every score, also unasked ones; ``answered_surveys`` only those that were asked for.
    """

    surveyed: int
    answered: int
    answered_surveys: int
    csat: float | None
    csat_low: float | None
    csat_high: float | None
    response_rate: float | None
    mean: float | None
    distribution: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class CsatReport(Figures):
    """The figures of everybody, and of each group when a grouping was asked for."""

    groups: Mapping[str, Figures] = field(default_factory=dict)


class _Sums(TypedDict):
    surveyed: int
    answered: int
    answered_surveys: int
    csat: float | None
    csat_low: float | None
    csat_high: float | None
    response_rate: float | None
    mean: float | None
    distribution: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the events say about one rating: was it asked for, what was the last score, in which group."""

    asked: bool
    score: int | None
    group: str | None = None


def wilson_interval(successes: int, trials: int, z: float = Z_95) -> tuple[float, float] | None:
    """Return the score interval of a share, each end within 0 to 1; None without trials."""
    if trials <= 0:
        return None
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    centre = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def figures(answers: Iterable[Answer]) -> Figures:
    """Add up answers."""
    return Figures(**_sums(answers))


def report(answers: Iterable[Answer], *, grouped: bool = False) -> CsatReport:
    """Add up answers, and those of each group when ``grouped``."""
    kept = list(answers)
    groups: dict[str, list[Answer]] = {}
    if grouped:
        for answer in kept:
            groups.setdefault(answer.group or "none", []).append(answer)
    return CsatReport(
        **_sums(kept), groups={name: figures(members) for name, members in sorted(groups.items())}
    )


def _sums(answers: Iterable[Answer]) -> _Sums:
    kept = list(answers)
    scores = [answer.score for answer in kept if answer.score is not None]
    surveyed = sum(answer.asked for answer in kept)
    answered_surveys = sum(answer.asked and answer.score is not None for answer in kept)
    satisfied = sum(score >= SATISFIED for score in scores)
    interval = wilson_interval(satisfied, len(scores))
    return _Sums(
        surveyed=surveyed,
        answered=len(scores),
        answered_surveys=answered_surveys,
        csat=_share(satisfied, len(scores)),
        csat_low=interval[0] if interval else None,
        csat_high=interval[1] if interval else None,
        response_rate=_share(answered_surveys, surveyed),
        mean=_share(sum(scores), len(scores)),
        distribution={score: scores.count(score) for score in SCORES},
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
