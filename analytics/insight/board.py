"""What the dashboard shows, as values: cheap to import, while what computes them is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from analytics.insight.quality import Check, Kept

UNKNOWN = "unknown"
OTHERS = "others"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A part of all people: a key, how many, and their money where that is known."""

    key: str
    people: int
    money: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Who bought first in a month, and which share of them bought in each month after it; None is not over yet."""

    month: str
    people: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class GroupRule:
    """A rule in scores from 1 to 5, and the group that it describes.

    ``coverage`` is the share of all people, ``purity`` that of the group among them.
    """

    group: str
    checks: tuple[Check, ...]
    coverage: float
    purity: float


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Everything, as of ``computed_at``; ``people`` is everybody, ``buyers`` those with scores from purchases."""

    people: int
    buyers: int
    computed_at: datetime | None
    bars: Mapping[str, tuple[Bar, ...]]
    #: People by the score of recency (5 is first) and by that of frequency and money, from 1.
    grid: tuple[tuple[int, ...], ...]
    #: The sum of what is expected in a year, and the share of it that each tenth of the buyers brings, best first.
    expected: float
    tenths: tuple[float, ...]
    cohorts: tuple[Cohort, ...]
    rules: tuple[GroupRule, ...]
    #: The one currency of all purchases; None when there are several, whose amounts are added up as they are.
    currency: str | None = None
    #: How good the models behind the scores are, by score, and what could not be computed and why.
    models: Mapping[str, Kept] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
