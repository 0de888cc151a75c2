"""Figures out of columns: exact medians and percentiles of many groups at once. Pure."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.reports.columns import Columns
from analytics.reports.definitions import (
    DETRACTOR,
    HIGH_SCORE,
    METRICS,
    PROMOTER,
    Measure,
    Metric,
    Pick,
)
from analytics.reports.groups import Ints

type Numbers = npt.NDArray[np.float64]

_SECOND = 1000.0


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One metric of one group.

    ``n`` is how many spans it rests on, ``value`` the figure that stands for it: of a time the median in seconds, of
    a share 0 to 1. ``business_*`` is the same in business hours. None is unknown: there is nothing to tell it from.
    """

    n: int = 0
    value: float | None = None
    median: float | None = None
    p90: float | None = None
    mean: float | None = None
    business_median: float | None = None
    business_p90: float | None = None
    business_mean: float | None = None


type Figures = Mapping[str, Figure]


class Sorted:
    """Spans in the order of their kinds, so that a metric looks only at its own.

    ``place`` says for every span in which group of the report it is; -1 is none.
    """

    def __init__(self, columns: Columns, place: Ints) -> None:
        if (place < 0).any():
            columns, place = columns.where(place >= 0), place[place >= 0]
        kinds = columns.groups.codes("kind")[columns.group]
        order = np.argsort(kinds, kind="stable")
        self.columns, self.place = columns.where(order), place[order]
        words = columns.groups.words("kind")
        starts = np.searchsorted(kinds[order], np.arange(len(words) + 1)).tolist()
        self._slices = {
            word: slice(starts[code], starts[code + 1]) for code, word in enumerate(words)
        }

    def everywhere(self) -> "Sorted":
        """Return the same spans, all in one group."""
        same = copy(self)
        same.place = np.zeros(len(self.place), dtype=np.int64)
        return same

    def pick(self, pick: Pick) -> tuple[Ints, Columns]:
        """Return the places of the spans that are meant, and the spans."""
        found = [self._slices[kind] for kind in pick.kinds if kind in self._slices]
        at = found[0] if len(found) == 1 else np.r_[tuple(found)] if found else slice(0, 0)
        place, columns = self.place[at], self.columns.where(at)
        if pick.actor is None and not pick.without:
            return place, columns
        mask = pick.among(columns.groups)[columns.group]
        return place[mask], columns.where(mask)


def figures(spans: Sorted, size: int, people: Mapping[int, int]) -> list[Figures]:
    """Return the figures of each of ``size`` groups.

    ``people`` names the customers that are somebody else by now.
    """
    found: list[dict[str, Figure]] = [{} for _ in range(size)]
    for metric in METRICS:
        place, chosen = spans.pick(metric.pick)
        of = _counts(spans.pick(metric.of)[0], size) if metric.of else None
        made = _MAKE[metric.measure](metric, place, chosen, size, of, people)
        for group, figure in enumerate(made):
            found[group][metric.name] = figure
    return list(found)


def _counts(place: Ints, size: int) -> Ints:
    return np.bincount(place, minlength=size).astype(np.int64)


def quantiles(values: Numbers, place: Ints, size: int) -> list[tuple[float, float, float] | None]:
    """Return median, 90th percentile and mean of each group's values, None of an empty one.

    The median of an even number of values is the mean of the middle two; the percentile is the value that nine of
    ten do not exceed (nearest rank).
    """
    order = np.lexsort((values, place))
    ordered, counts = values[order], _counts(place, size)
    starts = np.concatenate([[0], np.cumsum(counts)])
    found: list[tuple[float, float, float] | None] = []
    for group in range(size):
        n, first = int(counts[group]), int(starts[group])
        if not n:
            found.append(None)
            continue
        median = (ordered[first + (n - 1) // 2] + ordered[first + n // 2]) / 2
        p90 = ordered[first + -(-n * 9 // 10) - 1]
        mean = float(ordered[first : first + n].sum()) / n
        found.append((float(median), float(p90), mean))
    return found


def _times(
    _: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    clock = quantiles(spans.lasted / _SECOND, place, size)
    business = quantiles(spans.business / _SECOND, place, size)
    return [
        _time(int(n), on_clock, at_work)
        for n, on_clock, at_work in zip(_counts(place, size), clock, business, strict=True)
    ]


def _time(
    n: int, clock: tuple[float, float, float] | None, work: tuple[float, float, float] | None
) -> Figure:
    if clock is None or work is None:
        return Figure()
    return Figure(
        n=n,
        value=clock[0],
        median=clock[0],
        p90=clock[1],
        mean=clock[2],
        business_median=work[0],
        business_p90=work[1],
        business_mean=work[2],
    )


def _values(
    metric: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    known = quantiles(spans.value, place, size)
    counts = _counts(place, size)
    if metric.measure is Measure.MEAN:
        return [
            Figure(n=int(n), value=each[2] if each else None, mean=each[2] if each else None)
            for n, each in zip(counts, known, strict=True)
        ]
    return [
        Figure(n=int(n), value=each[2], median=each[0], p90=each[1], mean=each[2])
        if each
        else Figure()
        for n, each in zip(counts, known, strict=True)
    ]


def _count(
    _: Metric, place: Ints, _s: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    return [Figure(n=int(n), value=float(n)) for n in _counts(place, size)]


def _sum(
    _: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    sums = np.bincount(place, weights=spans.value, minlength=size)
    return [Figure(n=round(float(total)), value=float(total)) for total in sums]


def _share(
    _: Metric, place: Ints, _s: Columns, size: int, of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    whole = of if of is not None else _counts(place, size)
    return [
        Figure(n=int(n), value=int(part) / int(n) if n else None)
        for part, n in zip(_counts(place, size), whole, strict=True)
    ]


def _high(
    _: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    high = _counts(place[spans.value >= HIGH_SCORE], size)
    return [
        Figure(n=int(n), value=int(part) / int(n) if n else None)
        for part, n in zip(high, _counts(place, size), strict=True)
    ]


def _nps(
    _: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, _p: Mapping[int, int]
) -> list[Figure]:
    more = _counts(place[spans.value >= PROMOTER], size)
    less = _counts(place[spans.value <= DETRACTOR], size)
    return [
        Figure(n=int(n), value=100 * (int(up) - int(down)) / int(n) if n else None)
        for up, down, n in zip(more, less, _counts(place, size), strict=True)
    ]


def _customers(
    _: Metric, place: Ints, spans: Columns, size: int, _of: Ints | None, people: Mapping[int, int]
) -> list[Figure]:
    who, back = np.unique(spans.customer, return_inverse=True)
    kept = np.array([kept_of(int(each), people) for each in who], dtype=np.int64)
    customer = kept[back] if len(kept) else spans.customer
    known = customer != 0
    pairs = np.unique(np.stack([place[known], customer[known]]), axis=1)
    return [Figure(n=int(n), value=float(n)) for n in _counts(pairs[0], size)]


def kept_of(customer: int, people: Mapping[int, int]) -> int:
    """Return who a customer is by now; two that point at each other are left as they are."""
    seen = {customer}
    while (kept := people.get(customer)) is not None and kept not in seen:
        seen.add(kept)
        customer = kept
    return customer


_MAKE = {
    Measure.TIME: _times,
    Measure.COUNT: _count,
    Measure.SUM: _sum,
    Measure.VALUE: _values,
    Measure.MEAN: _values,
    Measure.SHARE: _share,
    Measure.HIGH: _high,
    Measure.NPS: _nps,
    Measure.CUSTOMERS: _customers,
}


def reasons(spans: Sorted, pick: Pick) -> dict[str, int]:
    """Return how often each reason was given, the most frequent first."""
    _, chosen = spans.pick(pick)
    words = chosen.groups.words("reason")
    codes = chosen.groups.codes("reason")[chosen.group]
    counts = zip(words, np.bincount(codes, minlength=len(words)).tolist(), strict=True)
    found = {word: count for word, count in counts if count}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
