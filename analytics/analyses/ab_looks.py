"""How an experiment stood at each moment: what somebody would have seen who looked all the time."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from analytics.analyses.ab_columns import Experiment
from analytics.analyses.ab_outcomes import FEWEST, Outcome
from analytics.experiments import compare, samples, sequence, several
from analytics.experiments.samples import Sample
from analytics.experiments.winner import Rule

_LOOKS = 60


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a variant stood at a moment; ends are None as long as nothing is known."""

    variant: str
    at: datetime
    contacts: int
    estimate: float
    low: float | None
    high: float | None

    @property
    def proves(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def looks(found: Experiment, outcome: Outcome, rule: Rule) -> tuple[Look, ...]:
    """Return how each variant stood at up to 60 moments, evenly many rows apart; equal times are one moment."""
    if found.at is None:
        return ()
    at = found.at[outcome.known]
    ends = np.unique(np.linspace(0, len(at) - 1, _LOOKS + 1).round().astype(int)[1:])
    ends = np.unique(np.searchsorted(at, at[ends], side="right") - 1)
    sums = [_running(outcome, one, ends) for one in range(len(found.arms))]
    alpha = several.bonferroni(rule.alpha, len(found.arms) - 1)
    told = []
    for place, name in enumerate(found.arms[1:], 1):
        effect = compare.difference(sums[0], sums[place])
        contacts = sums[0].size + sums[place].size
        enough = (sums[0].size >= FEWEST) & (sums[place].size >= FEWEST)
        error = np.where(enough, effect.error, 0.0)
        ends_of = sequence.interval(
            effect.estimate, error, contacts, alpha=alpha, tuned_at=rule.tuned_at
        )
        told += [
            Look(
                variant=name,
                at=datetime.fromtimestamp(int(at[ends[n]]), UTC),
                contacts=int(contacts[n]),
                estimate=float(effect.estimate[n]),
                low=_end(ends_of[0][n]),
                high=_end(ends_of[1][n]),
            )
            for n in range(len(ends))
        ]
    return tuple(sorted(told, key=lambda one: one.at))


def _running(outcome: Outcome, arm: int, ends: NDArray[np.int64]) -> Sample:
    inside = (outcome.arm == arm).astype(float)
    size = np.cumsum(inside)[ends]
    total = np.cumsum(outcome.values * inside)[ends]
    if outcome.arms[0].binary:
        return samples.counted(total, size)
    # Moved to the middle of all: sums of squares of large amounts would lose what is small beside them.
    middle = float(outcome.values.mean())
    moved = (outcome.values - middle) * inside
    found = samples.summed(size, np.cumsum(moved)[ends], np.cumsum(moved**2)[ends])
    return samples.shifted(found, middle)


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
