"""The spans in memory, as columns: an exact median wants every value, and a database hands them over too slowly.

Days are read once and kept, the least recently used given up first; what has changed since is read at every question.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.reports import repository
from analytics.reports.groups import Groups, Ints, Yes
from desk.store.database import Database

DAY = 24 * 3_600_000
_KEPT = 4_000_000
"""Spans in memory at most: some 250 MB."""
_AT_ONCE = 4
"""Days that are read without letting others run in between."""


@dataclass(frozen=True)
class Columns:
    """Spans as columns of one length. ``group`` is a place in ``groups``; times and durations in milliseconds."""

    groups: Groups
    id: Ints
    group: Ints
    customer: Ints
    ended: Ints
    lasted: Ints
    business: Ints
    value: npt.NDArray[np.float64]

    def between(self, start: int, end: int) -> "Columns":
        """Return those that ended within ``[start, end)``."""
        return self.where((self.ended >= start) & (self.ended < end))

    def where(self, chosen: Yes | Ints | slice) -> "Columns":
        """Return those that are chosen, by yes and no, by their places, or as a piece."""
        return Columns(
            self.groups,
            self.id[chosen],
            self.group[chosen],
            self.customer[chosen],
            self.ended[chosen],
            self.lasted[chosen],
            self.business[chosen],
            self.value[chosen],
        )


type _Part = npt.NDArray[np.void]

_TYPE = np.dtype(
    [
        ("id", np.int64),
        ("group", np.int64),
        ("customer", np.int64),
        ("ended", np.int64),
        ("lasted", np.int64),
        ("business", np.int64),
        ("value", np.float64),
    ]
)


class Spans:
    """Reads spans and keeps them. One question at a time changes what is kept."""

    def __init__(self, database: Database, *, kept: int = _KEPT) -> None:
        self._database = database
        self._most = kept
        self._days: OrderedDict[int, _Part] = OrderedDict()
        self._revision = 0
        self._generation = -1
        self._groups = Groups()
        self._places: dict[int, int] = {}
        self._known: tuple[Ints, Ints] = (np.empty(0, np.int64), np.empty(0, np.int64))
        self._lock = asyncio.Lock()

    async def read(self, start: int, end: int) -> Columns:
        """Return the spans that ended within ``[start, end)``."""
        async with self._lock:
            await self._refresh()
            days = list(range(start // DAY, -(-end // DAY)))
            for first, last in _gaps(days, self._days.keys()):
                await self._load(first, last)
            # Last, so that every row's group is known, also of rows written meanwhile.
            await self._read_groups()
            parts = [self._days[day] for day in days]
            for day in days:
                self._days.move_to_end(day)
            found = self._columns(parts)
            self._give_up(keep=len(days))
        return found.between(start, end)

    async def _refresh(self) -> None:
        """Read what has been written since, and forget everything after a rebuild."""
        async with self._database.read() as session:
            place = await repository.progress(session)
            if place.generation != self._generation:
                self._days.clear()
                self._generation, self._revision = place.generation, place.revision
                self._groups, self._places = Groups(), {}
            elif place.revision > self._revision and self._days:
                self._merge(_part(await repository.spans_since(session, self._revision)))
            self._revision = place.revision

    async def _read_groups(self) -> None:
        async with self._database.read() as session:
            if await repository.count_groups(session) == len(self._places):
                return
            for number, group in await repository.groups(session):
                if number not in self._places:
                    self._places[number] = self._groups.add(group)
        numbers = sorted(self._places)
        places = [self._places[number] for number in numbers]
        self._known = np.array(numbers, np.int64), np.array(places, np.int64)

    def _merge(self, new: _Part) -> None:
        """Put changed rows in the place of those they replace."""
        if not len(new):
            return
        for day, part in self._days.items():
            stays = part[~np.isin(part["id"], new["id"])]
            comes = new[new["ended"] // DAY == day]
            self._days[day] = np.concatenate([stays, comes])

    async def _load(self, first: int, last: int) -> None:
        for day in range(first, last + 1, _AT_ONCE):
            until = min(day + _AT_ONCE, last + 1)
            async with self._database.read() as session:
                rows = await repository.spans_between(session, day * DAY, until * DAY)
            part = _part(rows)
            of_day = part["ended"] // DAY
            for each in range(day, until):
                self._days[each] = part[of_day == each]
            await asyncio.sleep(0)  # others may run

    def _columns(self, parts: Sequence[_Part]) -> Columns:
        rows = np.concatenate([*parts, np.empty(0, _TYPE)])
        numbers, places = self._known
        return Columns(
            self._groups,
            rows["id"],
            places[np.searchsorted(numbers, rows["group"])] if len(rows) else rows["group"],
            rows["customer"],
            rows["ended"],
            rows["lasted"],
            rows["business"],
            rows["value"],
        )

    def _give_up(self, *, keep: int) -> None:
        total = sum(len(part) for part in self._days.values())
        while total > self._most and len(self._days) > keep:
            _, part = self._days.popitem(last=False)
            total -= len(part)


def _part(rows: Sequence[Any]) -> _Part:
    # An empty value is one that is not there.
    return np.array([tuple(row) for row in rows], dtype=_TYPE)


def _gaps(days: Sequence[int], known: Any) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of days that are not known."""
    run: list[int] = []
    for day in days:
        if day in known:
            if run:
                yield run[0], run[-1]
            run = []
        else:
            run.append(day)
    if run:
        yield run[0], run[-1]
