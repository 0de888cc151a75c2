"""Which rows learn and which try: earlier and later by time, or by chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

from desk.errors import InvalidError

type Rows = NDArray[np.int64]
type Fold = tuple[Rows, Rows]
"""The rows that learn, and those on which it is tried."""

_BLOCKS = 5
_RANDOM = 5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Folds to choose a model by, and a last one, ``test``, that no choice has seen.

    ``by_time`` is empty when there is no time; ``by_chance`` deals out the same rows.
    """

    by_time: tuple[Fold, ...]
    by_chance: tuple[Fold, ...]
    test: Fold

    @property
    def chosen_by(self) -> tuple[Fold, ...]:
        """The folds that decide: by time if there is one."""
        return self.by_time or self.by_chance


def blocks(at: NDArray[np.int64], parts: int = _BLOCKS) -> NDArray[np.int64]:
    """Return a number from 0 for each row: up to ``parts`` blocks of time, about equally many rows in each.

    Rows of the same time are never parted, so that nothing is tried on a moment that it has learnt from.
    """
    _, place, counts = np.unique(at, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    numbers = np.floor((before + counts / 2) / len(at) * parts).astype(np.int64)
    if len(counts) <= parts:
        numbers = np.arange(len(counts))
    return np.asarray(np.unique(numbers, return_inverse=True)[1][place], np.int64)


def plan(
    target: NDArray[np.float64],
    at: NDArray[np.int64] | None,
    *,
    classes: bool,
    seed: int = 0,
) -> Plan:
    """Return how to try models. ``at`` is the time of each row; ``classes`` says that the target is 0 or 1.

    By time the last block is the test, and each block before it is tried on by what lies before that block (rolling
    origin, Tashman 2000). Without a time a fifth by chance is the test.

    Raises:
        InvalidError: there are too few times, or rows, or one class only where one learns.
    """
    if at is not None:
        return _timed(target, at, classes, seed)
    first = next(iter(_dealt(target, np.arange(len(target)), classes, seed)))
    learn, test = np.sort(first[0]), first[1]
    return Plan(by_time=(), by_chance=_dealt(target, learn, classes, seed + 1), test=(learn, test))


def _timed(target: NDArray[np.float64], at: NDArray[np.int64], classes: bool, seed: int) -> Plan:
    block = blocks(at)
    last = int(block.max())
    if last < 2:
        raise InvalidError(
            "the time column has fewer than 3 different times: leave --time out, or choose another"
        )
    found = [
        (np.flatnonzero(block < number), np.flatnonzero(block == number))
        for number in range(1, last + 1)
    ]
    good = [
        fold for fold in found if not classes or all(np.ptp(target[part]) > 0 for part in fold)
    ]
    if len(good) < 2 or good[-1] is not found[-1]:
        raise InvalidError(
            "the target has one value only in the earlier or in the last part of the time: "
            "use rows of a longer time"
        )
    learn = good[-1][0]
    dealt = _dealt(target, learn, classes, seed)
    return Plan(by_time=tuple(good[:-1]), by_chance=dealt, test=good[-1])


def _dealt(target: NDArray[np.float64], rows: Rows, classes: bool, seed: int) -> tuple[Fold, ...]:
    inside = target[rows]
    rarest = int(min(inside.sum(), len(inside) - inside.sum())) if classes else len(inside)
    if rarest < 2:
        raise InvalidError("there are too few rows of each kind to try a model on")
    kind = StratifiedKFold if classes else KFold
    dealer = kind(min(_RANDOM, rarest), shuffle=True, random_state=seed)
    return tuple((rows[one], rows[other]) for one, other in dealer.split(rows, inside))
