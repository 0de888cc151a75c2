"""An import from its first record to its last: batches, each checked, cleaned and written in one transaction."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import batched
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.commerce.table_file import MALFORMED, Numbered
from desk.imports.place import Place
from desk.imports.report import SHOWN, ImportReport, OnRejected, Progress, Rejection, Tally
from desk.imports.seen import Seen
from desk.store import bulk
from desk.store.database import Database

_MOST_REASONS = 3


@dataclass(kw_only=True)
class Batch[R]:
    """Good records by their line, and what came of them."""

    records: dict[int, R]
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    #: By line, what was left empty in a record.
    notes: dict[int, list[str]] = field(default_factory=dict)
    #: What else has to be said of the records, and how often.
    made: dict[str, int] = field(default_factory=dict)

    def reject(self, line: int, reason: str) -> None:
        """Leave a record out."""
        self.records.pop(line, None)
        self.rejected.append(Rejection(line=line, reason=reason))


type Write[R] = Callable[[AsyncSession, Batch[R]], Awaitable[None]]
type Bulk[R] = Callable[
    [Sequence[Any], Mapping[str, Any]], tuple[dict[int, R], Sequence[Numbered]]
]
"""Reads the plain ones of many rows at once; returns them by their line, and the others as records read them."""


def _as_it_is(record: Any) -> Any:
    return record


@dataclass(frozen=True, kw_only=True)
class Plan[R]:
    """How one kind is imported.

    ``keys`` are what a record is known by, the first of them what must not stand twice; ``label`` names it.
    """

    kind: str
    record: type[BaseModel]
    keys: Callable[[R], Sequence[str]]
    write: Write[R]
    label: str = ""
    #: Columns whose gaps are counted.
    counted: Sequence[str] = ()
    #: Records in one transaction: others write in between.
    batch: int = 200
    tells_unchanged: bool = True
    #: ``keys`` are one for each record.
    one_key: bool = False
    #: What a checked record becomes.
    ready: Callable[[Any], R] = _as_it_is
    #: Without it rows are read one by one.
    bulk: Bulk[R] | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an import runs. Times without a zone are in ``zone``; with a ``digest`` it goes on where it was cut."""

    clock: Clock
    zone: tzinfo
    progress: Progress | None = None
    on_rejected: OnRejected | None = None
    digest: str | None = None


async def run[R](
    database: Database, plan: Plan[R], rows: Iterable[Any], terms: Terms
) -> ImportReport:
    """Import records: ``Numbered``, or whatever the plan's ``bulk`` reads.

    Raises:
        InvalidError: the file cannot be read; wrong rows are in the report instead.
        ConflictError: another process is importing the same file.
    """
    with closing(Seen()) as seen:
        work = _Work(database, plan, terms, seen)
        await work.begin()
        for batch in batched(rows, plan.batch):
            await work.step(batch)
        return await work.end()


class _Work[R]:
    def __init__(self, database: Database, plan: Plan[R], terms: Terms, seen: Seen) -> None:
        self._database = database
        self._plan = plan
        self._terms = terms
        self._seen = seen
        self._place: Place | None = None
        self._tally = Tally()
        self._shown: list[Rejection] = []
        self._at = self._resumed_at = 0

    async def begin(self) -> None:
        if self._terms.digest is None:
            return
        now = self._terms.clock()
        self._place = await Place.of(self._database, self._plan.kind, self._terms.digest, now)
        self._tally, self._resumed_at = self._place.tally, self._place.position
        async for rejection in self._place.rejected(self._database):
            self._show(rejection)

    async def step(self, rows: Sequence[Any]) -> None:
        """Take a batch in; records that are done already are only remembered, for duplicates of them."""
        start, self._at = self._at, self._at + len(rows)
        done = min(len(rows), max(0, self._resumed_at - start))
        if done:
            self._check(rows[:done])
        if fresh := rows[done:]:
            await self._write(fresh)
        if self._terms.progress is not None:
            self._terms.progress(self._at)

    async def _write(self, rows: Sequence[Any]) -> None:
        batch = self._check(rows)
        async with self._database.write() as session:
            await self._plan.write(session, batch)
            batch.rejected.sort(key=lambda rejection: rejection.line)
            tally = self._counted(batch, len(rows))
            if self._place is not None:
                now = self._terms.clock()
                await self._place.move(session, len(rows), tally, batch.rejected, now)
        self._tally = tally
        if self._place is not None:
            self._place.position += len(rows)
        for rejection in batch.rejected:
            self._show(rejection)

    async def end(self) -> ImportReport:
        if self._place is not None:
            await self._place.finish(self._database, self._terms.clock())
        tally = self._tally
        async with self._database.write() as session:
            await bulk.count_anew(session, tally.created + tally.updated)
        return ImportReport(
            kind=self._plan.kind,
            read=tally.read,
            created=tally.created,
            updated=tally.updated,
            unchanged=tally.unchanged if self._plan.tells_unchanged else None,
            rejected=tuple(sorted(self._shown, key=lambda rejection: rejection.line)),
            rejected_count=tally.rejected,
            cleaned=dict(sorted(tally.cleaned.items())),
            missing=dict(sorted(tally.missing.items())),
            resumed_at=self._resumed_at,
        )

    def _show(self, rejection: Rejection) -> None:
        if len(self._shown) < SHOWN:
            self._shown.append(rejection)
        if self._terms.on_rejected is not None:
            self._terms.on_rejected(rejection)

    def _counted(self, batch: Batch[R], read: int) -> Tally:
        """Return the figures with a batch added; they count only once it is kept."""
        tally = Tally.of(self._tally.plain())
        tally.read += read
        tally.created += batch.created
        tally.updated += batch.updated
        tally.unchanged += batch.unchanged
        tally.rejected += len(batch.rejected)
        if batch.duplicates:
            tally.cleaned["duplicate"] += batch.duplicates
        tally.cleaned.update(batch.made)
        if not self._plan.counted and not batch.notes:
            return tally
        for line, record in batch.records.items():
            notes = batch.notes.get(line, ())
            tally.cleaned.update(notes)
            emptied = {note.partition(":")[0] for note in notes}
            for column in self._plan.counted:
                if getattr(record, column) is None and column not in emptied:
                    tally.missing[column] += 1
        return tally

    def _check(self, rows: Sequence[Any]) -> Batch[R]:
        """Return the good records of a batch, and why the others are left out."""
        batch = Batch[R](records={})
        found: dict[int, R] = {}
        context: dict[str, Any] = {"zone": self._terms.zone, "now": self._terms.clock()}
        if self._plan.bulk is not None:
            found, rows = self._plan.bulk(rows, context)
        for row in rows:
            notes: list[str] = []
            context["cleaned"] = notes
            try:
                found[row.line] = self._plan.ready(self._record(row, context))
            except ValueError as error:
                batch.reject(row.line, str(error))
            if notes:
                batch.notes[row.line] = notes
        self._leave_out_duplicates(batch, dict(sorted(found.items())))
        return batch

    def _record(self, row: Numbered, context: Mapping[str, Any]) -> BaseModel:
        if isinstance(row.values, Mapping) and MALFORMED in row.values:
            raise ValueError(row.values[MALFORMED])
        try:
            return self._plan.record.model_validate(row.values, context=dict(context))
        except ValidationError as error:
            raise ValueError(reason(error, row)) from error

    def _leave_out_duplicates(self, batch: Batch[R], found: Mapping[int, R]) -> None:
        keys = {line: self._plan.keys(record) for line, record in found.items()}
        if self._plan.one_key and self._all_new(keys):
            batch.records = dict(found)
            return
        known = self._seen.lines([key for some in keys.values() for key in some])
        new: dict[str, int] = {}
        for line, record in found.items():
            first = known.get(keys[line][0])
            if first is not None and first != line:
                batch.reject(
                    line, f"{self._plan.label}{keys[line][0]} stands on line {first} already"
                )
                batch.duplicates += 1
                continue
            batch.records[line] = record
            fresh = {key: line for key in keys[line] if key not in known}
            known |= fresh
            new |= fresh
        self._seen.add(new)

    def _all_new(self, keys: Mapping[int, Sequence[str]]) -> bool:
        """Remember the only key of each record, and say that none was seen before: most files have no duplicates."""
        first: dict[str, int] = {}
        for line, (key,) in keys.items():
            first.setdefault(key, line)
        return self._seen.add(first) == len(keys)


def reason(error: ValidationError, row: Numbered) -> str:
    """Return in one line what is wrong with a record."""
    reasons = []
    for problem in error.errors(include_url=False, include_input=False)[:_MOST_REASONS]:
        place = list(problem["loc"])
        in_lines = len(place) > 1 and place[0] == "lines" and isinstance(place[1], int)
        if in_lines and row.line_numbers:
            place[:2] = [f"line {row.line_numbers[int(place[1])]}"]
        message = problem["msg"].removeprefix("Value error, ")
        reasons.append(": ".join([*map(str, place), message]))
    more = error.error_count() - len(reasons)
    return "; ".join(reasons) + (f"; and {more} more" if more > 0 else "")
