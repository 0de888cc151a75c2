"""Taking out of an outcome what was known before (CUPED): the same experiment with fewer contacts.

Deng, Xu, Kohavi and Walker (2013): y - theta (x - mean of x), theta = cov(y, x) / var(x), x known before the
assignment, so that it cannot depend on the arm and no mean is moved. The variance falls by the squared correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from analytics.experiments.samples import Numbers, Sample
from desk.errors import InvalidError

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """Outcomes with the same mean in units as before, one theta for each covariate, and the share of variance gone."""

    outcomes: Numbers
    theta: Numbers
    reduction: float


def adjust(outcomes: ArrayLike, before: ArrayLike) -> Adjusted:
    """Return outcomes without what covariates of all arms together explain, by least squares.

    ``before`` is one column as long as ``outcomes``, or a matrix with a column for each covariate. A missing value
    becomes the mean of the others, and that it was missing is a covariate of its own.

    Raises:
        InvalidError: the columns differ in length, or a covariate has no value at all.
    """
    y = np.asarray(outcomes, float)
    x = np.asarray(before, float)
    x = x[:, None] if x.ndim == 1 else x
    if len(x) != len(y):
        raise InvalidError("each outcome needs its own value from before")
    missing = ~np.isfinite(x)
    if missing.all(axis=0).any():
        raise InvalidError("a covariate has no value in any row")
    means = np.where(missing, 0.0, x).sum(axis=0) / (~missing).sum(axis=0)
    known = np.where(missing, means, x)
    flags = missing[:, missing.any(axis=0)].astype(float)
    design = np.column_stack([known, flags])
    design = design - design.mean(axis=0)
    theta = np.linalg.lstsq(design, y - y.mean(), rcond=None)[0]
    left = y - design @ theta
    spread = float(y.var())
    reduction = max(0.0, 1 - float(left.var()) / spread) if spread else 0.0
    return Adjusted(outcomes=left, theta=theta[: x.shape[1]], reduction=reduction)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """One arm in sums over its contacts: of outcomes ``y``, a covariate ``x``, their squares and their product."""

    size: int
    y: float = 0.0
    yy: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def plus(self, other: "Sums") -> "Sums":
        """Return both arms as one."""
        names = [one.name for one in fields(Sums)]
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})


def adjusted(arms: Sequence[Sums]) -> tuple[list[Sample], float]:
    """Return what ``adjust`` would leave of each arm, and the share of variance gone, from nothing but sums."""
    whole = arms[0]
    for arm in arms[1:]:
        whole = whole.plus(arm)
    xx, xy, yy = _around(whole)
    theta = xy / xx if xx > 0 else 0.0
    middle = whole.x / whole.size if whole.size else 0.0
    samples = []
    for arm in arms:
        size = max(arm.size, 1)
        own_xx, own_xy, own_yy = _around(arm)
        left = own_yy - 2 * theta * own_xy + theta**2 * own_xx
        if left < _ROUNDING * own_yy:
            left = 0.0  # what is left of sums of squares is no variance
        samples.append(
            Sample(
                size=np.asarray(float(arm.size)),
                mean=np.asarray(arm.y / size - theta * (arm.x / size - middle)),
                variance=np.asarray(max(left, 0.0) / max(size - 1, 1)),
                binary=False,
            )
        )
    return samples, min(1.0, xy**2 / (xx * yy)) if xx > 0 and yy > 0 else 0.0


def _around(arm: Sums) -> tuple[float, float, float]:
    """Return the sums of squares and of products around the means."""
    size = max(arm.size, 1)
    return (
        arm.xx - arm.x**2 / size,
        arm.xy - arm.x * arm.y / size,
        arm.yy - arm.y**2 / size,
    )
