"""Things that must not get worse while an experiment runs: opt-outs, complaints, support minutes caused.

Non-inferiority, looked at all the time: a variant may be worse than the control by ``margin`` at most. It is stopped
as soon as the confidence sequence proves that it is worse by more, and safe once it proves that it is not.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from analytics.experiments import mixtures, sequence
from analytics.experiments.compare import difference
from analytics.experiments.samples import Numbers, Sample, check_share
from desk.errors import InvalidError


class Health(StrEnum):
    """What is proved of a guardrail."""

    HARMED = "harmed"
    SAFE = "safe"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Guardrail:
    """A figure of which more is worse, and how much more is tolerated, in its own units for one contact."""

    name: str
    margin: float = 0.0

    def __post_init__(self) -> None:
        """Raise InvalidError when the margin is below 0: less harm than none cannot be demanded."""
        if not self.margin >= 0:
            raise InvalidError(f"the margin of {self.name!r} must be 0 or more")


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """What one variant does to a guardrail: more of it than the control, with the ends of the sequence."""

    guardrail: Guardrail
    variant: str
    estimate: float
    low: float
    high: float
    health: Health


def guard(
    guardrail: Guardrail,
    name: str,
    control: Sample,
    variant: Sample,
    *,
    alpha: float = 0.05,
    tuned_at: float = sequence.TUNED_AT,
) -> Guarded:
    """Return the state of a guardrail for one variant; ``alpha`` is to be shared out among variants and guardrails."""
    effect = difference(control, variant)
    low, high = sequence.interval(
        effect.estimate,
        effect.error,
        control.size + variant.size,
        alpha=alpha,
        tuned_at=tuned_at,
    )
    health = Health.OPEN
    if low > guardrail.margin:
        health = Health.HARMED
    elif high < guardrail.margin:
        health = Health.SAFE
    return Guarded(
        guardrail=guardrail,
        variant=name,
        estimate=float(effect.estimate),
        low=float(low),
        high=float(high),
        health=health,
    )


def beyond(
    hits: ArrayLike, contacts: ArrayLike, bound: float, *, tuned_at: float = 500
) -> Numbers:
    """Return the always-valid p-value of a share being ``bound`` at most; as small as alpha it is proved larger.

    Exact for outcomes of 0 and 1 (a one-sided mixture of sub-Bernoulli walks), so a handful of people is enough where
    the bound is small. Who has not answered yet counts as 0, which only makes it slower.

    Raises:
        InvalidError: the bound is not between 0 and 1.
    """
    check_share("the bound", bound)
    spread = bound * (1 - bound)
    rho = mixtures.best_rho(spread * tuned_at, one_sided=True)
    size = np.asarray(contacts, float)
    walk, variance = np.broadcast_arrays(np.asarray(hits, float) - bound * size, spread * size)
    return mixtures.p_value(mixtures.BetaBinomial(rho, bound, 1 - bound), walk, variance)
