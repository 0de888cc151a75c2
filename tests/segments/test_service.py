"""Segments are kept, changed, refreshed and taken away; people enter and leave once each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.segments import repository
from analytics.segments.model import BusyError, ChangedError
from analytics.segments.people import People
from analytics.segments.refresh import LEASE, RETRY
from analytics.segments.rule import read
from analytics.warehouse.place import Warehouse
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store import deferred
from desk.store.database import Database
from desk.tables.event import EventRow
from desk.tables.segment import SegmentMemberRow, SegmentRunRow
from tests.segments.conftest import GERMANS, House, draft
from tests.segments.oracle import who
from tests.segments.people import fill, world

HOUR = timedelta(hours=1)


async def _told(house: House) -> Counter[tuple[str, str]]:
    async with house.database.read() as session:
        rows = await session.scalars(select(EventRow).where(EventRow.name.like("segment.%")))
        return Counter((row.name, row.data["person_id"]) for row in rows)


async def test_people_enter_and_leave_with_an_event_each(house: House) -> None:
    made = await house.segments.create(draft(every=HOUR), by="Mo")
    first = await house.segments.refresh(made.id)
    before = house.germans()
    assert len(before) > house.batch, "the difference must need several batches"
    assert await house.members(made.id) == before
    assert (first.size, first.entered, first.left) == (len(before), len(before), 0)
    assert first.seconds is not None
    gone, come = sorted(before)[:2], sorted({"c:1", "c:2", "p:3", "c:4", "c:5"} - before)[:2]
    assert come
    for person in gone:
        house.move(person, "CN")
    for person in come:
        house.move(person, "DE")
    second = await house.segments.refresh(made.id)
    assert await house.members(made.id) == house.germans() == (before - set(gone)) | set(come)
    assert (second.entered, second.left) == (len(come), len(gone))
    expected = Counter({("segment.entered", one): 1 for one in before | set(come)})
    assert await _told(house) == expected + Counter({("segment.left", one): 1 for one in gone})
    seen = await house.segments.get(made.id)
    assert (seen.size, seen.refreshed_at, seen.last) == (second.size, house.clock(), second)
    assert seen.due_at == house.clock() + HOUR


async def test_events_name_the_contact_of_a_person(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    await house.segments.refresh(made.id)
    contacts = {row["person_id"]: row["contact_id"] for row in house.rows["person"]}
    async with house.database.read() as session:
        rows = (await session.scalars(select(EventRow))).all()
    assert any(row.contact_id for row in rows)
    assert all(row.contact_id == contacts[row.data["person_id"]] for row in rows)


async def test_one_who_is_not_there_any_more_leaves(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    await house.segments.refresh(made.id)
    gone = min(house.germans())
    house.rows["person"] = [row for row in house.rows["person"] if row["person_id"] != gone]
    house.fill()
    run = await house.segments.refresh(made.id)
    assert run.left == 1
    assert gone not in await house.members(made.id)


async def test_two_at_once_do_the_work_once(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    both = await asyncio.gather(
        *(house.another().refresh(made.id) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in both if isinstance(one, BusyError)]
    assert len(refused) == 3
    assert set((await _told(house)).values()) == {1}
    assert await house.members(made.id) == house.germans()


class _PulledPlugError(Exception):
    """The process is gone."""


class _PulledPlug(Database):
    """Loses its process in one of its transactions: before its commit, or right after it."""

    def __init__(self, database: Database, *, at: int, committed: bool) -> None:
        self.url, self.is_sqlite = database.url, database.is_sqlite
        self._writer, self._reader = database._writer, database._reader
        self._at, self._committed = at, committed
        self.struck = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        self._at -= 1
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            await deferred.write(session)
            if self._at == 0 and not self._committed:
                self.struck += 1
                raise _PulledPlugError
        if self._at == 0:
            self.struck += 1
            raise _PulledPlugError


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("at", range(1, 8))
async def test_a_kill_in_between_loses_and_repeats_nothing(
    house: House, at: int, committed: bool
) -> None:
    made = await house.segments.create(draft(every=HOUR), by="Mo")
    plug = _PulledPlug(house.database, at=at, committed=committed)
    with pytest.raises(_PulledPlugError):
        await house.another(plug).refresh(made.id)
    assert plug.struck == 1
    house.clock.advance(LEASE)
    assert await house.schedule.step(), "it is taken up again when the claim has ended"
    assert await house.members(made.id) == house.germans()
    assert await _told(house) == Counter({("segment.entered", p): 1 for p in house.germans()})
    runs = await house.segments.runs(made.id)
    assert [(run.size, run.entered) for run in runs if run.finished_at] == [
        (len(house.germans()), len(house.germans()))
    ]


async def test_nobody_refreshes_what_another_holds(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    async with house.database.write() as session:
        assert await repository.claim(session, made.id, "other", house.clock(), LEASE)
    with pytest.raises(BusyError):
        await house.segments.refresh(made.id)
    assert not await house.schedule.step()
    house.clock.advance(LEASE)
    assert await house.schedule.step()


async def test_a_change_in_between_stops_the_old_rule(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    chinese = {"where": GERMANS["where"] | {"value": "CN"}}
    ask, asked = house.people.members, 0

    async def meanwhile(*args: object) -> object:
        nonlocal asked
        asked += 1
        found = await ask(*args)  # type: ignore[arg-type]
        if asked == 1:
            change = draft(rule=chinese)
            await house.segments.change(made.id, change, edition=made.edition, by="Kit")
        return found

    house.people.members = meanwhile  # type: ignore[method-assign,assignment]
    with pytest.raises(ChangedError):
        await house.segments.refresh(made.id)
    assert await house.schedule.step()
    found = {r["person_id"] for r in house.rows["person"] if r["country"] == "CN"}
    assert await house.members(made.id) == found
    assert {person for _, person in await _told(house)} == found
    done, stopped = await house.segments.runs(made.id)
    assert (done.version, done.error) == (2, None)
    assert (stopped.version, stopped.error) == (1, "the rule was changed")


async def test_a_rule_that_means_the_same_is_no_new_version(house: House) -> None:
    made = await house.segments.create(draft(every=HOUR), by="Mo")
    await house.segments.refresh(made.id)
    same = draft("Deutsche", rule={"where": {"all": [GERMANS["where"]]}}, every=2 * HOUR)
    seen = await house.segments.change(made.id, same, edition=1, by="Kit")
    assert (seen.name, seen.version, seen.edition) == ("Deutsche", 1, 2)
    assert seen.due_at == house.clock() + 2 * HOUR
    with pytest.raises(ChangedError):
        await house.segments.change(made.id, draft(), edition=1, by="Mo")
    other = draft("Deutsche", rule={"where": {"not": GERMANS["where"]}})
    seen = await house.segments.change(made.id, other, edition=2, by="Kit")
    assert (seen.version, seen.due_at) == (2, house.clock())
    assert [(v.number, v.by) for v in await house.segments.versions(made.id)] == [
        (2, "Kit"),
        (1, "Mo"),
    ]


async def test_wrong_drafts_are_refused(house: House) -> None:
    await house.segments.create(draft(), by="Mo")
    with pytest.raises(ConflictError, match="Germans"):
        await house.segments.create(draft(), by="Mo")
    with pytest.raises(InvalidError, match="name"):
        await house.segments.create(draft(""), by="Mo")
    with pytest.raises(InvalidError, match="every"):
        await house.segments.create(draft("other", every=timedelta(seconds=1)), by="Mo")
    with pytest.raises(InvalidError, match="where"):
        await house.segments.create(draft("other", rule={"where": {"all": []}}), by="Mo")
    with pytest.raises(NotFoundError):
        await house.segments.get(99)


async def test_put_away_brought_back_and_deleted(house: House) -> None:
    made = await house.segments.create(draft(every=HOUR), by="Mo")
    await house.segments.refresh(made.id)
    await house.segments.archive(made.id, by="Mo")
    house.clock.advance(2 * HOUR)
    assert not await house.schedule.step()
    assert await house.segments.list() == []
    assert [one.id for one in await house.segments.list(archived=True)] == [made.id]
    with pytest.raises(ConflictError, match="archived"):
        await house.segments.refresh(made.id)
    await house.segments.archive(made.id, by="Mo", away=False)
    assert await house.schedule.step()
    with pytest.raises(InvalidError, match="Germans"):
        await house.segments.delete(made.id, confirm="yes", by="Mo")
    await house.segments.delete(made.id, confirm="Germans", by="Mo")
    async with house.database.read() as session:
        assert (await session.scalars(select(SegmentMemberRow))).first() is None
        assert (await session.scalars(select(SegmentRunRow))).first() is None


async def test_the_schedule_refreshes_what_is_due_and_only_that(house: House) -> None:
    often = await house.segments.create(draft("often", every=HOUR), by="Mo")
    asked = await house.segments.create(draft("asked"), by="Mo")
    assert [await house.schedule.step() for _ in range(3)] == [True, True, False]
    house.clock.advance(HOUR)
    assert [await house.schedule.step() for _ in range(2)] == [True, False]
    assert [len(await house.segments.runs(one.id)) for one in (often, asked)] == [2, 1]


async def test_an_engine_without_people_is_said_and_tried_again(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    house.engine.drop_table("person")
    with pytest.raises(ConflictError, match="engine"):
        await house.segments.refresh(made.id)
    (run,) = await house.segments.runs(made.id)
    assert run.error
    assert run.size is None
    house.fill()
    assert not await house.schedule.step()
    house.clock.advance(RETRY)
    assert await house.schedule.step()
    assert await house.members(made.id) == house.germans()


async def test_a_preview_counts_and_shows_some(house: House) -> None:
    preview = await house.segments.preview(read(GERMANS))
    germans = house.germans()
    assert (preview.size, preview.people) == (len(germans), len(house.rows["person"]))
    assert [one.person_id for one in preview.sample] == sorted(germans)[:10]
    assert preview.seconds < 10


async def test_the_engine_is_a_file_that_others_write(house: House, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    people = People(warehouse.reading)
    with pytest.raises(NotFoundError, match="frontdesk analytics refresh"):
        await people.preview(read(GERMANS), house.clock())
    with warehouse.writing() as engine:
        fill(engine, world(1))
    first = await people.preview(read(GERMANS), house.clock())
    assert first.size == len(house.germans())
    with warehouse.writing() as engine:
        fill(engine, world(3))
    second = await people.preview(read(GERMANS), house.clock())
    assert second.size == len(who(GERMANS, world(3))) != first.size


async def test_members_come_in_pages(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    await house.segments.refresh(made.id)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await house.segments.members(made.id, after=after, limit=4)
        assert len(page.members) <= 4
        seen += [member.person_id for member, _ in page.members]
        after = page.after
    assert len(seen) == len(house.germans())
    assert set(seen) == house.germans()
