"""What drives the outcome: what the model would lose, odds ratios, and rules of a tree."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analytics.insight.predict.encoding import Encoding, Kind, Part
from analytics.insight.predict.models import Column, Matrix
from analytics.insight.predict.rows import Rows
from analytics.insight.rules import Condition, tree_rules

_Z95 = 1.959963984540054
_ROUNDS = 5
_MOST_ROWS = 20_000
_STEPS = 50
_SEPARATED = 15.0
"""Log-odds of a standard deviation; beyond it the data separate, and the weight would grow without end."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much worse the model gets when a feature's values are dealt out anew: the mean, and its spread."""

    feature: str
    loss: float
    spread: float


def importance(
    encoding: Encoding,
    values: Matrix,
    target: Column,
    measure: Callable[[Column, Column], float],
    predict: Callable[[Matrix], Column],
    *,
    seed: int = 0,
) -> tuple[Importance, ...]:
    """Return permutation importance, largest first (Breiman 2001): measure of the rows - measure of shuffled ones.

    All columns of a feature are shuffled together. Of features that say the same each seems unimportant, since the
    model can read the other. ``measure`` is larger for better predictions.
    """
    chance = np.random.default_rng(seed)
    if len(values) > _MOST_ROWS:
        taken = chance.choice(len(values), _MOST_ROWS, replace=False)
        values, target = values[taken], target[taken]
    whole, found = measure(target, predict(values)), []
    for feature in encoding.features:
        own = [n for n, part in enumerate(encoding.parts) if part.feature == feature.name]
        losses = []
        for _ in range(_ROUNDS):
            shuffled = values.copy()
            shuffled[:, own] = values[chance.permutation(len(values))][:, own]
            losses.append(whole - measure(target, predict(shuffled)))
        loss, spread = float(np.mean(losses)), float(np.std(losses))
        found.append(Importance(feature=feature.name, loss=loss, spread=spread))
    return tuple(sorted(found, key=lambda one: -one.loss))


@dataclass(frozen=True, kw_only=True)
class Odds:
    """By which factor the odds grow with a feature, all others held: ``ratio``, and its 95% interval.

    ``step`` is what the factor is for: so much more of a number (a standard deviation), or None for a word against
    the feature's commonest. Without an interval the data separate: the factor has no end.
    """

    name: str
    step: float | None
    ratio: float
    low: float | None
    high: float | None


def odds_ratios(rows: Rows) -> tuple[Odds, ...]:
    """Return odds ratios of a logistic regression without penalty, the farthest from 1 first.

    exp(w) with exp(w - 1.96 s) to exp(w + 1.96 s), s from the inverse of the information matrix X'WX (Wald interval;
    Hosmer, Lemeshow and Sturdivant 2013, Applied Logistic Regression, sections 2.5 and 3.2). Numbers are standardised;
    the commonest word of each feature is the reference; columns that others add up to are left out.
    """
    parts = rows.encoding.parts
    used = _independent(rows.values, _free(rows.encoding))
    if not used:
        return ()
    held = rows.values[:, used]
    is_number = np.array([parts[n].kind is Kind.NUMBER for n in used])
    spread = np.where(is_number, held.std(axis=0), 1.0)
    shift = np.where(is_number, held.mean(axis=0), 0.0)
    weights, errors = _logistic((held - shift) / spread, rows.target)
    found = [
        _odds(parts[n], float(spread[k]) if is_number[k] else None, weights[k + 1], errors[k + 1])
        for k, n in enumerate(used)
    ]
    return tuple(sorted(found, key=lambda one: -abs(np.log(one.ratio))))


def _odds(part: Part, step: float | None, weight: float, error: float) -> Odds:
    if abs(weight) > _SEPARATED or not np.isfinite(error) or error > _SEPARATED:
        ratio = float(np.exp(np.clip(weight, -_SEPARATED, _SEPARATED)))
        return Odds(name=part.name, step=step, ratio=ratio, low=None, high=None)
    low, high = weight - _Z95 * error, weight + _Z95 * error
    ends = {"low": float(np.exp(low)), "high": float(np.exp(high))}
    return Odds(name=part.name, step=step, ratio=float(np.exp(weight)), **ends)


def _free(encoding: Encoding) -> list[int]:
    """Return the columns without the commonest word of each feature: the first, as they are ordered."""
    seen, found = set(), []
    for number, part in enumerate(encoding.parts):
        if part.kind is Kind.WORD and part.feature not in seen:
            seen.add(part.feature)
            continue
        found.append(number)
    return found


def _independent(values: Matrix, columns: list[int]) -> list[int]:
    """Return the columns that are no sum of those before them (Gram-Schmidt)."""
    basis, kept = [np.ones(len(values)) / np.sqrt(len(values))], []
    for number in columns:
        rest = values[:, number] - values[:, number].mean()
        size = float(np.linalg.norm(rest))
        for one in basis:
            rest = rest - (one @ rest) * one
        left = float(np.linalg.norm(rest))
        if left > 1e-6 * size and size:
            basis.append(rest / left)
            kept.append(number)
    return kept


def _logistic(values: Matrix, target: Column) -> tuple[Column, Column]:
    """Return weights and standard errors, the constant first (Newton's method; it stops where it runs away)."""
    design = np.column_stack([np.ones(len(values)), values])
    weights = np.zeros(design.shape[1])
    information = np.eye(design.shape[1])
    for _ in range(_STEPS):
        chance = expit(design @ weights)
        information = (design * (chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.lstsq(information, design.T @ (target - chance), rcond=None)[0]
        # A long first step of Newton's method may leap over the maximum.
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        weights = weights + step
        if np.abs(step).max() < 1e-9 or np.abs(weights).max() > 2 * _SEPARATED:
            break
    variance = np.diag(np.linalg.pinv(information))
    return weights, np.asarray(np.sqrt(np.maximum(variance, 0)))


@dataclass(frozen=True, kw_only=True)
class ResponseRule:
    """A leaf of a shallow tree: who is in it, and how often it happened to them.

    ``coverage`` is the share of all rows, ``rate`` that of ones among them, ``lift`` = rate / rate of all, ``purity``
    the share of the commoner outcome, ``found`` the share of all ones that are here. ``tests`` are what ``rule`` says.
    """

    rule: str
    tests: tuple[tuple[Part, Condition], ...]
    rows: int
    coverage: float
    rate: float
    lift: float
    purity: float
    found: float


def rules(rows: Rows, *, depth: int = 3, seed: int = 0) -> tuple[ResponseRule, ...]:
    """Return the leaves of a shallow tree as lines that people can read, the highest rate first."""
    parts = {part.name: part for part in rows.encoding.parts}
    labels: NDArray[np.int64] = rows.target.astype(np.int64)
    ones, of_all = float(rows.target.sum()), float(rows.target.mean())
    found = []
    for leaf in tree_rules(rows.values, labels, list(parts), depth=depth, seed=seed):
        rate = leaf.purity if leaf.label else 1 - leaf.purity
        told = " and ".join(_told(one, parts[one.feature]) for one in leaf.conditions)
        found.append(
            ResponseRule(
                rule=told or "everybody",
                tests=tuple((parts[one.feature], one) for one in leaf.conditions),
                rows=leaf.rows,
                coverage=leaf.coverage,
                rate=rate,
                lift=rate / of_all,
                purity=leaf.purity,
                found=rate * leaf.rows / ones,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.rate, -one.rows)))


def _told(condition: Condition, part: Part) -> str:
    if part.kind is Kind.NUMBER:
        return str(condition)
    holds = condition.low is not None
    name = part.feature
    return {
        Kind.MISSING: f"{name} is {'missing' if holds else 'known'}",
        Kind.OTHER: f"{name} is {'another' if holds else 'a common one'}",
        Kind.WORD: f"{name} {'is' if holds else 'is not'} {part.word}",
    }[part.kind]
