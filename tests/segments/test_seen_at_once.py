"""Whoever looks at a segment during its refresh sees the people of before or those of after, never some of each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.segments.refresh import LEASE
from desk.errors import ConflictError
from desk.store.database import Database
from desk.tables.segment import SegmentMemberRow
from tests.segments.conftest import House, draft


class _Watched(Database):
    """Looks who belongs after each of its transactions; may lose its process when the new ones are seen."""

    def __init__(self, house: House, segment_id: int) -> None:
        self.url, self.is_sqlite = house.database.url, house.database.is_sqlite
        self._writer, self._reader = house.database._writer, house.database._reader
        self._house, self._segment_id = house, segment_id
        self.seen: list[frozenset[str]] = []
        self.stop_at: int | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with super().write() as session:
            yield session
        self.seen.append(frozenset(await self._house.members(self._segment_id)))
        if len(self.seen) == self.stop_at:
            raise ConflictError("the plug is pulled")


async def test_nobody_sees_half_of_a_refresh(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    watched = _Watched(house, made.id)
    await house.another(watched).refresh(made.id)
    first = house.germans()
    assert set(watched.seen) == {frozenset(), frozenset(first)}
    gone = sorted(first)[:7]
    come = sorted({row["person_id"] for row in house.rows["person"]} - first)[:7]
    assert min(len(gone), len(come)) > house.batch, "the difference must need several batches"
    for person in gone:
        house.move(person, "CN")
    for person in come:
        house.move(person, "DE")
    watched.seen.clear()
    run = await house.another(watched).refresh(made.id)
    assert (run.entered, run.left) == (7, 7)
    assert len(watched.seen) > 6
    changed = [frozenset(first), frozenset(house.germans())]
    assert sorted(set(watched.seen), key=watched.seen.index) == changed


async def test_what_was_prepared_under_another_rule_is_never_seen(house: House) -> None:
    made = await house.segments.create(draft(), by="Mo")
    watched = _Watched(house, made.id)
    watched.stop_at = 2  # the claim, and the first batch of those who come
    with pytest.raises(ConflictError, match="plug"):
        await house.another(watched).refresh(made.id)
    async with house.database.read() as session:
        prepared = (await session.scalars(select(SegmentMemberRow.person_id))).all()
    assert len(prepared) == house.batch
    assert await house.members(made.id) == set()
    chinese = {"where": {"kind": "person", "field": "country", "op": "is", "value": "CN"}}
    await house.segments.change(made.id, draft(rule=chinese), edition=made.edition, by="Kit")
    house.clock.advance(LEASE + timedelta(seconds=1))
    assert await house.schedule.step()
    found = {row["person_id"] for row in house.rows["person"] if row["country"] == "CN"}
    assert found
    assert await house.members(made.id) == found
    async with house.database.read() as session:
        kept = set(await session.scalars(select(SegmentMemberRow.person_id)))
    assert kept == found, "what was prepared for the other rule is taken away"
