"""What another policy would have earned, told from the log of the one that ran.

Inverse propensity scoring (IPS; Horvitz and Thompson, 1952) weights each reward by how much likelier the other policy
was to do the same; the self-normalised one (SNIPS; Swaminathan and Joachims, 2015) divides by the sum of the weights,
which is a little biased and much steadier. Both need a log whose policy had a chance for everything.
"""

from dataclasses import dataclass

import numpy as np

from analytics.offers.bandit import Floats
from desk.errors import InvalidError

_TIMES = 1_000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Mean reward of a policy with a 95% bootstrap interval; ``effective`` is how many rows it rests on."""

    ips: float
    ips_low: float
    ips_high: float
    snips: float
    snips_low: float
    snips_high: float
    rows: int
    effective: float


def estimate(
    rewards: Floats, logged: Floats, target: Floats, *, seed: int = 0, times: int = _TIMES
) -> Estimate:
    """Estimate the mean reward of a policy that would have done each row's action with chance ``target``.

    Raises:
        InvalidError: nothing was logged, or a logged chance is not above 0.
    """
    if not len(rewards):
        raise InvalidError("nothing was shown yet: there is nothing to estimate from")
    if logged.min() <= 0:
        raise InvalidError("a row was logged without its chance")
    weights = target / logged
    total = weights.sum()
    chance = np.random.default_rng(seed)
    picked = chance.integers(len(rewards), size=(times, len(rewards)))
    gained = (weights * rewards)[picked].sum(axis=1)
    weighed = weights[picked].sum(axis=1)
    normal = np.divide(gained, weighed, out=np.zeros(times), where=weighed > 0)
    ips_low, ips_high = np.percentile(gained / len(rewards), _INTERVAL)
    low, high = np.percentile(normal, _INTERVAL)
    return Estimate(
        ips=float((weights * rewards).mean()),
        ips_low=float(ips_low),
        ips_high=float(ips_high),
        snips=float((weights * rewards).sum() / total) if total else 0.0,
        snips_low=float(low),
        snips_high=float(high),
        rows=len(rewards),
        effective=float(total**2 / (weights**2).sum()) if total else 0.0,
    )
