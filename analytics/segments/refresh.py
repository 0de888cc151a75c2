"""Who belongs to a segment now: computed in the engine, and the difference written down in batches.

One process at a time holds a segment, by a claim that is renewed with each batch and ends by itself after a kill. What
a run prepares nobody sees: those who come and those who go are marked with it, and one small transaction shows all of
it at once. Then every mark is taken off together with the event about it, so nobody enters or leaves twice; a run that
was cut short goes on as the same run the next time, and is recorded only when it is whole.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.segments import repository
from analytics.segments.model import BusyError, ChangedError, Run, run
from analytics.segments.people import People
from analytics.segments.rule import Rule, read
from desk import events, ids
from desk.clock import Clock
from desk.errors import ConflictError, FrontdeskError
from desk.events import Event
from desk.store.database import Database
from desk.tables.segment import SegmentRow, SegmentRunRow

LEASE = timedelta(minutes=5)
RETRY = timedelta(minutes=10)
BATCH = 1_000

type Contacts = Mapping[str, str | None]
"""The ids of people's contacts."""


class _Job:
    """One refresh that is under way: what is computed, and under which claim."""

    def __init__(self, row: SegmentRow, token: str, run_id: int) -> None:
        self.segment_id = row.id
        self.version = row.version
        self.rule: Rule = read(row.rule)
        self.every = row.refresh_seconds
        self.token = token
        self.run_id = run_id
        self.shown = row.shown_run


class Refresher:
    """Computes segments."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        *,
        batch: int = BATCH,
        token: Callable[[], str] = ids.new_id,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._batch = batch
        self._token = token

    async def refresh(self, segment_id: int) -> Run:
        """Compute a segment and return the run.

        Raises:
            BusyError: somebody else is at it.
            ChangedError: its rule was changed meanwhile; the new one is due.
            ConflictError: it is archived, or the engine has no people yet.
            RetryableError: the engine cannot answer; it is tried again later.
        """
        start = perf_counter()
        job = await self._begin(segment_id)
        try:
            found = await self._people.members(job.rule, self._clock())
            size = await self._write(job, found)
        except ChangedError:
            raise
        except FrontdeskError as error:
            await self._end(job, start, error=str(error))
            raise
        return await self._end(job, start, size=size)

    async def due(self) -> int | None:
        """Return the segment that waits longest to be refreshed."""
        async with self._database.read() as session:
            return await repository.due(session, self._clock())

    async def _begin(self, segment_id: int) -> _Job:
        now, token = self._clock(), self._token()
        async with self._database.write() as session:
            row = await repository.row(session, segment_id)
            if row.archived_at is not None:
                raise ConflictError("this segment is archived; bring it back first")
            if not await repository.claim(session, segment_id, token, now, LEASE):
                raise BusyError
            under_way = await _under_way(session, row, now)
            return _Job(row, token, under_way.id)

    async def _write(self, job: _Job, found: pa.Table) -> int:
        """Write who came and went; return how many belong."""
        contacts = _contacts(found)
        await self._settle(job, contacts)
        before = [
            pa.array(some, pa.string())
            async for some in repository.each_member(self._database, job.segment_id)
        ]
        old, new = pa.chunked_array(before, pa.string()), found["person_id"].cast(pa.string())
        # In their order, which is that of the table's key.
        came = pc.unique(new.filter(pc.invert(pc.is_in(new, value_set=old.combine_chunks()))))
        came = came.take(pc.array_sort_indices(came)).to_pylist()
        for start in range(0, len(came), self._batch):
            async with self._database.write() as session:
                now = await self._held(session, job)
                some = came[start : start + self._batch]
                await repository.prepare(session, job.segment_id, job.run_id, some, now)
        gone = old.filter(pc.invert(pc.is_in(old, value_set=pc.unique(new)))).to_pylist()
        for start in range(0, len(gone), self._batch):
            async with self._database.write() as session:
                await self._held(session, job)
                some = gone[start : start + self._batch]
                await repository.dismiss(session, job.segment_id, job.run_id, some)
        await self._show(job, len(found))
        await self._settle(job, contacts)
        return len(found)

    async def _show(self, job: _Job, size: int) -> None:
        """Let everybody see what was prepared."""
        async with self._database.write() as session:
            shown = {"shown_run": job.run_id, "size": size, "refreshed_at": self._clock()}
            await self._held(session, job, **shown)
        job.shown = job.run_id

    async def _settle(self, job: _Job, contacts: Contacts) -> None:
        """Tell who came and went, or take back what was prepared and never shown."""
        after = ""
        while True:
            async with self._database.read() as session:
                page = await repository.marked(
                    session, job.segment_id, after=after, most=self._batch
                )
            if not page:
                return
            came = {one: run for one, run, _ in page if run is not None and run <= job.shown}
            left = {one: run for one, _, run in page if run is not None and run <= job.shown}
            known = await self._known({**came, **left}, contacts)
            async with self._database.write() as session:
                now = await self._held(session, job)
                last = page[-1][0]
                await repository.settle(
                    session, job.segment_id, after=after, last=last, shown=job.shown
                )
                for name, moved in (("segment.entered", came), ("segment.left", left)):
                    told = [
                        _event(name, job, run, one, known[one], now) for one, run in moved.items()
                    ]
                    events.append(session, *told)
                entered, gone = Counter(came.values()), Counter(left.values())
                for run_id in sorted({*entered, *gone}):
                    await repository.count(
                        session, run_id, entered=entered[run_id], left=gone[run_id]
                    )
            after = last

    async def _known(self, moved: Mapping[str, int], contacts: Contacts) -> Contacts:
        """Return the contacts of people; the engine is asked only about those whom the rule did not find."""
        asked = [one for one in moved if one not in contacts]
        looked = {one.person_id: one.contact_id for one in await self._people.look(asked)}
        return {one: looked.get(one, contacts.get(one)) for one in moved}

    async def _held(self, session: AsyncSession, job: _Job, **values: object) -> datetime:
        """Go on only as long as the segment is ours; return the time."""
        now = self._clock()
        await _hold(session, job, claimed_until=now + LEASE, **values)
        return now

    async def _end(
        self, job: _Job, start: float, *, size: int | None = None, error: str | None = None
    ) -> Run:
        now = self._clock()
        async with self._database.write() as session:
            free = {"claim": None, "claimed_until": None, "due_at": _due(job, now, error)}
            await _hold(session, job, **free)
            row = await _run_of(session, job)
            row.finished_at, row.size, row.seconds = now, size, perf_counter() - start
            row.error = error[:300] if error else None
            return run(row)


def _due(job: _Job, now: datetime, error: str | None) -> datetime | None:
    """Return when a segment is next due; one that failed, soon."""
    every = None if job.every is None else timedelta(seconds=job.every)
    if error:
        return now + min(every or RETRY, RETRY)
    return None if every is None else now + every


async def _hold(session: AsyncSession, job: _Job, **values: object) -> None:
    if not await repository.hold(session, job.segment_id, job.token, job.version, **values):
        raise ChangedError(
            "the segment was changed, or taken by somebody else, during its refresh"
        )


async def _under_way(session: AsyncSession, row: SegmentRow, now: datetime) -> SegmentRunRow:
    """Return the run that was cut short if it is of the same rule, else a new one."""
    query = select(SegmentRunRow).where(
        SegmentRunRow.segment_id == row.id, SegmentRunRow.finished_at.is_(None)
    )
    found: SegmentRunRow | None = None
    for one in await session.scalars(query):
        if one.version == row.version:
            found = one
        else:
            one.finished_at, one.error = now, "the rule was changed"
    if found is None:
        found = SegmentRunRow(
            segment_id=row.id, version=row.version, started_at=now, entered=0, left=0
        )
        session.add(found)
        await session.flush()
    return found


async def _run_of(session: AsyncSession, job: _Job) -> SegmentRunRow:
    found = await session.get(SegmentRunRow, job.run_id)
    if found is None:
        raise ChangedError
    return found


def _contacts(found: pa.Table) -> Contacts:
    people, contacts = found["person_id"].to_pylist(), found["contact_id"].to_pylist()
    return dict(zip(people, contacts, strict=True))


def _event(
    name: str, job: _Job, run_id: int, person: str, contact: str | None, now: datetime
) -> Event:
    return Event(
        name=name,
        occurred_at=now,
        contact_id=contact,
        data={"segment_id": job.segment_id, "run_id": run_id, "person_id": person},
    )
