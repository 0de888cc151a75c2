"""An outcome of an experiment, ready to be compared: an arm each, adjusted for what was known before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.analyses.ab_columns import Experiment
from analytics.experiments import covariates, samples
from analytics.experiments.samples import Numbers, Sample
from desk.errors import InvalidError

FEWEST = 10
"""Contacts of an arm; of fewer nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One column without its missing values; ``raw`` are the arms as they are, ``arms`` those that are compared.

    ``values`` and ``arm`` are of the rows that are ``known``; ``reduction`` is the share of variance taken out (None:
    nothing was to be).
    """

    name: str
    binary: bool
    raw: tuple[Sample, ...]
    arms: tuple[Sample, ...]
    values: Numbers
    arm: NDArray[np.int64]
    known: NDArray[np.bool_]
    reduction: float | None


def outcome(
    found: Experiment, name: str, before: Sequence[str] = (), *, varies: bool = True
) -> Outcome:
    """Return an outcome, adjusted for some columns from before; ``varies`` refuses one that is the same everywhere.

    Raises:
        InvalidError: a column has no value, the outcome does not differ, or an arm has too few contacts.
    """
    values = found.values[name]
    known = np.isfinite(values)
    if not known.any():
        raise InvalidError(f"column {name!r} has no value in any row")
    y, arm = values[known], found.arm[known]
    sizes = np.bincount(arm, minlength=len(found.arms))
    fewest = int(sizes.argmin())
    if sizes[fewest] < FEWEST:
        raise InvalidError(
            f"variant {found.arms[fewest]!r} has {sizes[fewest]} rows with {name!r}: "
            f"at least {FEWEST} of each variant are needed"
        )
    if varies and y.min() == y.max():
        raise InvalidError(
            f"column {name!r} is the same in every row: there is nothing to compare"
        )
    binary = bool(np.isin(y, (0.0, 1.0)).all())
    raw = tuple(samples.measured(y[arm == one], binary=binary) for one in range(len(found.arms)))
    if not before:
        return Outcome(
            name=name,
            binary=binary,
            raw=raw,
            arms=raw,
            values=y,
            arm=arm,
            known=known,
            reduction=None,
        )
    matrix = np.column_stack([found.values[other][known] for other in before])
    for other, column in zip(before, matrix.T, strict=True):
        if not np.isfinite(column).any():
            raise InvalidError(f"column {other!r} has no value in any row")
    adjusted = covariates.adjust(y, matrix)
    better = tuple(
        samples.measured(adjusted.outcomes[arm == one]) for one in range(len(found.arms))
    )
    return Outcome(
        name=name,
        binary=binary,
        raw=raw,
        arms=better,
        values=adjusted.outcomes,
        arm=arm,
        known=known,
        reduction=adjusted.reduction,
    )
