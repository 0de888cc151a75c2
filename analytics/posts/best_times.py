"""At which hours of the week posts did well. Pure.

The estimate of an hour is its own mean drawn towards that of all hours, the more the fewer posts it has: Bühlmann's
credibility with weights (H. Bühlmann and E. Straub, "Glaubwürdigkeit für Schadensätze", 1970), whose two variances
are estimated from the posts themselves. A post counts with log(1 + interactions a day after it was published), so
that one that went round the world does not decide alone.

With hours h of n_h posts and mean m_h, N posts and H hours in all, and m the mean of all posts:

    s² = Σ_h Σ_i (y_hi - m_h)² / (N - H)                               within an hour
    a  = (Σ_h n_h (m_h - m)² - (H - 1) s²) / (N - Σ_h n_h² / N)        between hours
    z_h = n_h / (n_h + s² / a),   μ = Σ_h z_h m_h / Σ_h z_h
    estimate_h = z_h m_h + (1 - z_h) μ

Where a is not above 0 the hours differ no more than chance makes them, and none is suggested.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import expm1, log1p
from zoneinfo import ZoneInfo

FEWEST = 30
"""Below so many posts nothing is said: a handful of posts makes any hour look good."""
HOURS = 7 * 24


class Verdict(StrEnum):
    """What the posts tell."""

    TOO_FEW = "too_few"
    #: The hours differ no more than chance makes them.
    ALIKE = "alike"
    FOUND = "found"


@dataclass(frozen=True)
class Tried:
    """A post: the hour of the week when it was published (0 is Monday 00:00), and what people did within a day."""

    hour: int
    interactions: int


@dataclass(frozen=True, kw_only=True)
class Hour:
    """An hour of the week: ``gain`` is how much more than usual people do, 0.1 is a tenth more."""

    hour: int
    posts: int
    gain: float


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """The hours at which posts did better than usual, the best first; only with ``Verdict.FOUND`` are there any."""

    verdict: Verdict
    posts: int
    hours: Sequence[Hour] = ()


def hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    """Return the hour of the week on the wall, 0 to 167."""
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


def suggest(tried: Iterable[Tried], *, fewest: int = FEWEST) -> Suggestion:
    """Return the hours at which posts do better than usual, as far as the posts can tell."""
    by_hour: dict[int, list[float]] = defaultdict(list)
    for one in tried:
        by_hour[one.hour].append(log1p(one.interactions))
    count = sum(map(len, by_hour.values()))
    # Without an hour that has two posts nothing says how much posts of one hour differ.
    if count < fewest or count == len(by_hour):
        return Suggestion(verdict=Verdict.TOO_FEW, posts=count)
    within, between = _variances(by_hour, count)
    if between <= 0:
        return Suggestion(verdict=Verdict.ALIKE, posts=count)
    weights = {
        hour: len(found) / (len(found) + within / between) for hour, found in by_hour.items()
    }
    means = {hour: _mean(found) for hour, found in by_hour.items()}
    usual = sum(weights[hour] * means[hour] for hour in means) / sum(weights.values())
    hours = [
        Hour(
            hour=hour,
            posts=len(by_hour[hour]),
            gain=expm1(weights[hour] * (means[hour] - usual)),
        )
        for hour in means
        if means[hour] > usual
    ]
    hours.sort(key=lambda one: (-one.gain, one.hour))
    return Suggestion(verdict=Verdict.FOUND, posts=count, hours=hours)


def _variances(by_hour: dict[int, list[float]], count: int) -> tuple[float, float]:
    """Return the variance of posts within an hour, and that of hours; the second may come out below 0."""
    mean = _mean([one for found in by_hour.values() for one in found])
    spread = sum((one - _mean(found)) ** 2 for found in by_hour.values() for one in found)
    within = spread / (count - len(by_hour))
    apart = sum(len(found) * (_mean(found) - mean) ** 2 for found in by_hour.values())
    room = count - sum(len(found) ** 2 for found in by_hour.values()) / count
    # One hour alone has nothing to differ from.
    between = (apart - (len(by_hour) - 1) * within) / room if room > 0 else 0.0
    return within, between


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
