"""The record: a chain of hashes that shows what was changed, removed, reordered or cut off."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.access import audit
from desk.access.audit import START, Audit, Filter, hash_of
from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.access import AuditHeadRow, AuditRow

type Tamper = Callable[[AsyncSession], Awaitable[object]]


@pytest.fixture
async def record(database: Database, clock: StoppedClock) -> Audit:
    """Return a record of six rows."""
    record = Audit(database, clock)
    for number in range(6):
        clock.advance(timedelta(seconds=1, microseconds=7))
        detail = {"n": number, "share": 0.5, "names": ["Zoë", "莫"], "none": None, "yes": True}
        await record.add(
            by="Zoë\x00", deed="contact.see", thing=f"contact:{number}", detail=detail
        )
    return record


async def test_an_untouched_record_is_whole(record: Audit) -> None:
    found = await record.verify()
    assert (found.rows, found.broken, len(found.head)) == (6, None, 64)
    newest = (await record.page(Filter()))[0]
    assert (newest.number, newest.who, newest.detail["share"]) == (6, "Zoë", "0.5")


async def _swap(session: AsyncSession) -> None:
    await session.execute(update(AuditRow).where(AuditRow.number == 3).values(number=99))
    await session.execute(update(AuditRow).where(AuditRow.number == 4).values(number=3))
    await session.execute(update(AuditRow).where(AuditRow.number == 99).values(number=4))


async def _forge_without_the_rest(session: AsyncSession) -> None:
    row = (await session.scalars(select(AuditRow).where(AuditRow.number == 3))).one()
    row.who = "nobody"
    row.hash = hash_of(row)


async def _add_at_the_end(session: AsyncSession) -> None:
    last = (await session.scalars(select(AuditRow).where(AuditRow.number == 6))).one()
    row = AuditRow(
        number=7, at=last.at, who="x", deed="x", thing="x", detail={}, before=last.hash, hash=""
    )
    row.hash = hash_of(row)
    session.add(row)


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (lambda s: s.execute(update(AuditRow).where(AuditRow.number == 3).values(who="x")), 3),
        (lambda s: s.execute(update(AuditRow).where(AuditRow.number == 3).values(detail={})), 3),
        (lambda s: s.execute(delete(AuditRow).where(AuditRow.number == 3)), 3),
        (lambda s: s.execute(delete(AuditRow).where(AuditRow.number == 1)), 1),
        (lambda s: s.execute(delete(AuditRow).where(AuditRow.number == 6)), 6),
        (lambda s: s.execute(delete(AuditRow)), 1),
        (lambda s: s.execute(delete(AuditHeadRow)), 7),
        (lambda s: s.execute(text("UPDATE audit SET at = '2020-01-01' WHERE number = 3")), 3),
        (_swap, 3),
        (_forge_without_the_rest, 4),
        (_add_at_the_end, 8),
    ],
    ids=[
        *("changed", "detail", "removed", "first", "last", "all"),
        *("head", "time", "swapped", "forged", "added"),
    ],
)
async def test_whatever_is_done_to_it_shows(
    record: Audit, database: Database, tamper: Tamper, broken: int
) -> None:
    async with database.write() as session:
        await tamper(session)
    found = await record.verify()
    assert found.broken == broken, found
    assert found.why


async def test_a_record_written_anew_contradicts_the_seal(
    record: Audit, database: Database
) -> None:
    sealed = await record.verify()
    seal = (sealed.rows, sealed.head)
    assert (await record.verify(seal=seal)).broken is None
    async with database.write() as session:
        last = START
        for row in (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all():
            row.who, row.before = "nobody", last
            row.hash = last = hash_of(row)
        await session.execute(update(AuditHeadRow).values(hash=last))
    assert (await record.verify()).broken is None
    assert (await record.verify(seal=seal)).broken == 6


async def test_it_belongs_to_the_transaction(record: Audit, database: Database) -> None:
    now = record._clock()

    async def fail() -> None:
        async with database.write() as session:
            await audit.note(session, by="x", deed="x", thing="x", now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.write() as session:
        for name in ("a", "b"):
            await audit.note(session, by=name, deed="x", thing="x", now=now)
    assert [one.who for one in await record.page(Filter(deed="x"))] == ["b", "a"]
    assert (await record.verify()).rows == 8


async def test_many_at_once_make_one_chain(record: Audit) -> None:
    await asyncio.gather(*(record.add(by=f"w{n}", deed="d", thing="t") for n in range(25)))
    found = await record.verify()
    assert (found.rows, found.broken) == (31, None)


async def test_pages_and_filters(record: Audit, clock: StoppedClock) -> None:
    await record.add(by="Kim", deed="ticket.see", thing="ticket:1")
    first = await record.page(Filter(), limit=4)
    assert [one.number for one in first] == [7, 6, 5, 4]
    assert [one.number for one in await record.page(Filter(), before=4)] == [3, 2, 1]
    assert [one.number for one in await record.page(Filter(who="Kim"))] == [7]
    assert [one.number for one in await record.page(Filter(thing="contact:2"))] == [3]
    assert await record.page(Filter(who="Kim", deed="contact.see")) == []
    late = Filter(since=clock())
    assert [one.number for one in await record.page(late)] == [7, 6]
    assert len(await record.page(Filter(until=clock()))) == 5
    assert len([one async for one in record.each(Filter())]) == 7
