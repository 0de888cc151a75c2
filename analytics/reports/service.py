"""Reports for whoever asks: the console and the command line."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import replace

from analytics.reports import repository
from analytics.reports.business import ms
from analytics.reports.columns import Spans
from analytics.reports.report import Query, Report, compute, empty_word
from desk.store.database import Database
from desk.tables.metrics import MetricProgressRow

_KEPT = 64
"""Reports: those of a page and its charts, for some people who look at once."""


class Reports:
    """Answers queries. What it has read and computed it keeps, so one of these serves a whole process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._spans = Spans(database)
        self._reports: OrderedDict[Hashable, Report] = OrderedDict()
        self._words: tuple[Hashable, Mapping[str, tuple[str, ...]]] | None = None

    async def report(self, query: Query) -> Report:
        """Answer a query; the same one again costs nothing until the log has told something new."""
        async with self._database.read() as session:
            place = await repository.progress(session)
        key = (
            _mark(place), query.since, query.until, query.by, query.zone, *sorted(query.only.items())
        )  # fmt: skip
        if key not in self._reports:
            self._reports[key] = await self._computed(query, place.told)
            while len(self._reports) > _KEPT:
                self._reports.popitem(last=False)
        return self._reports[key]

    async def _computed(self, query: Query, told: int) -> Report:
        start, end = ms(query.since), ms(query.until)
        async with self._database.read() as session:
            people = await repository.people(session)
            opened = await repository.opened(session, end)
            groups = dict(await repository.groups_of(session, [row[0] for row in opened]))
            first = await repository.first_end(session)
        start = max(start, min(end, first if first is not None else end))
        columns = await self._spans.read(start, max(start, min(end, told + 1)))
        begun = [(groups[number], count, since) for number, count, since in opened]
        return await asyncio.to_thread(compute, query, columns, people, begun, told)

    async def with_before(self, query: Query) -> tuple[Report, Report]:
        """Answer a query, and the same without groups about the time of equal length before."""
        before = replace(
            query, since=query.since - (query.until - query.since), until=query.since, by=None
        )
        return await self.report(query), await self.report(before)

    async def words(self) -> Mapping[str, tuple[str, ...]]:
        """Return the words that each dimension knows, in order: what a report can be narrowed to."""
        async with self._database.read() as session:
            mark = _mark(await repository.progress(session))
            if self._words is None or self._words[0] != mark:
                found = await repository.words(session)
                self._words = mark, {name: _ordered(name, words) for name, words in found.items()}
        return self._words[1]


def _mark(place: MetricProgressRow) -> Hashable:
    return place.generation, place.revision


def _ordered(name: str, words: set[str]) -> tuple[str, ...]:
    return (*sorted(words - {""}), *([empty_word(name)] if "" in words else []))
