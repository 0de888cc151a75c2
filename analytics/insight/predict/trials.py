"""Trying several models on the same folds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.insight.predict.folds import Fold, Plan
from analytics.insight.predict.models import Column, Make, Matrix, predicted

type Measure = Callable[[Column, Column], float]
"""How good predictions are, from what happened and what was predicted."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One model and what it reached on average over folds; ``by_time`` is None where there is no time."""

    name: str
    by_time: float | None
    by_chance: float

    @property
    def decides(self) -> float:
        """The figure by which a model is chosen: by time if there is one."""
        return self.by_chance if self.by_time is None else self.by_time


@dataclass(frozen=True, kw_only=True)
class Tried:
    """All trials, and for each model what it predicted of rows it had not learnt from (``rows``)."""

    trials: tuple[Trial, ...]
    rows: Column
    predictions: dict[str, Column]


def tried(
    makers: Mapping[str, Make],
    values: Matrix,
    target: Column,
    plan: Plan,
    measure: Measure,
    seed: int,
) -> Tried:
    """Train every model on every fold and measure it on the fold's other rows."""
    trials, predictions = [], {}
    for name, make in makers.items():
        by_time, told = _over(plan.by_time, make, values, target, measure, seed)
        by_chance, dealt = _over(plan.by_chance, make, values, target, measure, seed)
        assert by_chance is not None  # noqa: S101 - there are always folds by chance
        trials.append(Trial(name=name, by_time=by_time, by_chance=by_chance))
        predictions[name] = told if plan.by_time else dealt
    rows = np.concatenate([fold[1] for fold in plan.chosen_by])
    return Tried(trials=tuple(trials), rows=rows, predictions=predictions)


def _over(
    folds: Sequence[Fold],
    make: Make,
    values: Matrix,
    target: Column,
    measure: Measure,
    seed: int,
) -> tuple[float | None, Column]:
    if not folds:
        return None, np.array([])
    reached, told = [], []
    for learn, test in folds:
        model = make(len(learn), seed).fit(values[learn], target[learn])
        guess = predicted(model, values[test])
        told.append(guess)
        reached.append(measure(target[test], guess))
    return float(np.mean(reached)), np.concatenate(told)
