"""Queries about segments."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.segments.model import Member, Run, Segment, Version, run, segment
from desk.errors import NotFoundError
from desk.store import core
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.segment import (
    BELONGS,
    SegmentMemberRow,
    SegmentRow,
    SegmentRunRow,
    SegmentVersionRow,
)

_READ = 20_000
_MEMBER = table_of(SegmentMemberRow)
_ENTER = insert(_MEMBER)
_AFTER = (
    _MEMBER.c.segment_id == bindparam("segment"),
    _MEMBER.c.person_id > bindparam("after"),
)
_IDS = (
    select(_MEMBER.c.person_id).where(*_AFTER, BELONGS).order_by(_MEMBER.c.person_id).limit(_READ)
)
_MARKED = (
    select(_MEMBER.c.person_id, _MEMBER.c.came_run, _MEMBER.c.gone_run)
    .where(*_AFTER, _MEMBER.c.came_run.is_not(None) | _MEMBER.c.gone_run.is_not(None))
    .order_by(_MEMBER.c.person_id)
    .limit(bindparam("most"))
)
_THESE = (*_AFTER, _MEMBER.c.person_id <= bindparam("last"))
_SETTLE = (
    delete(_MEMBER).where(
        *_THESE,
        (_MEMBER.c.came_run > bindparam("shown")) | (_MEMBER.c.gone_run <= bindparam("shown")),
    ),
    update(_MEMBER).where(*_THESE, _MEMBER.c.came_run.is_not(None)).values(came_run=None),
    update(_MEMBER).where(*_THESE, _MEMBER.c.gone_run.is_not(None)).values(gone_run=None),
)

type Marked = tuple[str, int | None, int | None]
"""A person with the runs that brought and took them."""


async def segments(session: AsyncSession, *, archived: bool) -> Sequence[Segment]:
    """Return segments by name, each with its last run."""
    is_archived = SegmentRow.archived_at.is_not(None)
    query = select(SegmentRow).where(is_archived if archived else ~is_archived)
    rows = (await session.scalars(query.order_by(SegmentRow.name))).all()
    newest = (
        select(func.max(SegmentRunRow.id))
        .where(SegmentRunRow.finished_at.is_not(None))
        .group_by(SegmentRunRow.segment_id)
    )
    runs = await session.scalars(select(SegmentRunRow).where(SegmentRunRow.id.in_(newest)))
    last = {row.segment_id: run(row) for row in runs}
    return [segment(row, last.get(row.id)) for row in rows]


async def row(session: AsyncSession, segment_id: int) -> SegmentRow:
    """Return a segment's row, locked if the transaction writes; raises NotFoundError."""
    query = select(SegmentRow).where(SegmentRow.id == segment_id).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise NotFoundError(f"There is no segment {segment_id}.")
    return found


async def seen(session: AsyncSession, segment_id: int) -> Segment:
    """Return a segment with its last run; raises NotFoundError."""
    found = await session.get(SegmentRow, segment_id)
    if found is None:
        raise NotFoundError(f"There is no segment {segment_id}.")
    ended = await runs(session, segment_id, before=None, limit=1, ended=True)
    return segment(found, ended[0] if ended else None)


async def named(session: AsyncSession, name: str) -> int | None:
    """Return the id of the segment of a name."""
    found: int | None = await session.scalar(select(SegmentRow.id).where(SegmentRow.name == name))
    return found


async def runs(
    session: AsyncSession, segment_id: int, *, before: int | None, limit: int, ended: bool = False
) -> list[Run]:
    """Return runs, newest first; ``ended`` leaves out one that goes on."""
    query = select(SegmentRunRow).where(SegmentRunRow.segment_id == segment_id)
    if before is not None:
        query = query.where(SegmentRunRow.id < before)
    if ended:
        query = query.where(SegmentRunRow.finished_at.is_not(None))
    rows = await session.scalars(query.order_by(SegmentRunRow.id.desc()).limit(limit))
    return [run(one) for one in rows]


async def versions(session: AsyncSession, segment_id: int) -> list[Version]:
    """Return the rules that a segment had, newest first."""
    query = (
        select(SegmentVersionRow)
        .where(SegmentVersionRow.segment_id == segment_id)
        .order_by(SegmentVersionRow.number.desc())
    )
    return [
        Version(number=one.number, rule=one.rule, created_at=one.created_at, by=one.by)
        for one in await session.scalars(query)
    ]


async def members(
    session: AsyncSession, segment_id: int, *, after: str = "", limit: int
) -> list[Member]:
    """Return members by their ids, those after ``after``."""
    query = (
        select(SegmentMemberRow.person_id, SegmentMemberRow.since)
        .where(
            SegmentMemberRow.segment_id == segment_id, SegmentMemberRow.person_id > after, BELONGS
        )
        .order_by(SegmentMemberRow.person_id)
        .limit(limit)
    )
    found = await session.execute(query)
    return [Member(person_id=person, since=since) for person, since in found]


async def each_member(database: Database, segment_id: int) -> AsyncIterator[list[str]]:
    """Give the ids of all members in batches, each read in a transaction of its own."""
    after = ""
    while True:
        async with database.read() as session:
            rows = await core.fetch(session, _IDS, {"segment": segment_id, "after": after})
        if not rows:
            return
        yield [row[0] for row in rows]
        after = rows[-1][0]


async def prepare(
    session: AsyncSession, segment_id: int, run_id: int, ids: Sequence[str], since: datetime
) -> None:
    """Add people who are not there; nobody sees them until the run is shown."""
    rows = [
        {"segment_id": segment_id, "person_id": one, "since": since, "came_run": run_id}
        for one in ids
    ]
    if rows:
        await core.run(session, _ENTER, rows)


async def dismiss(session: AsyncSession, segment_id: int, run_id: int, ids: Sequence[str]) -> None:
    """Mark people to leave; they are seen until the run is shown."""
    mine = (_MEMBER.c.segment_id == segment_id) & _MEMBER.c.person_id.in_(ids)
    await session.execute(update(_MEMBER).where(mine).values(gone_run=run_id))


async def marked(session: AsyncSession, segment_id: int, *, after: str, most: int) -> list[Marked]:
    """Return people with a run's mark, by their ids."""
    asked = {"segment": segment_id, "after": after, "most": most}
    return [(row[0], row[1], row[2]) for row in await core.fetch(session, _MARKED, asked)]


async def settle(
    session: AsyncSession, segment_id: int, *, after: str, last: str, shown: int
) -> None:
    """Take the marks off people: of a run that is shown they hold, any other never was."""
    these = {"segment": segment_id, "after": after, "last": last}
    for number, statement in enumerate(_SETTLE):
        await core.run(session, statement, these if number else these | {"shown": shown})


async def count(session: AsyncSession, run_id: int, *, entered: int, left: int) -> None:
    """Add to what a run has done."""
    added = {"entered": SegmentRunRow.entered + entered, "left": SegmentRunRow.left + left}
    await session.execute(
        update(SegmentRunRow)
        .where(SegmentRunRow.id == run_id)
        .values(**added)
        .execution_options(synchronize_session=False)
    )


async def claim(
    session: AsyncSession, segment_id: int, token: str, now: datetime, lease: timedelta
) -> bool:
    """Take a segment that nobody computes; say whether it is ours."""
    free = SegmentRow.claimed_until.is_(None) | (SegmentRow.claimed_until <= now)
    return await _changed(
        session, segment_id, free, values={"claim": token, "claimed_until": now + lease}
    )


async def hold(
    session: AsyncSession,
    segment_id: int,
    token: str,
    version: int,
    **values: Any,
) -> bool:
    """Change a segment if it is still ours and its rule is the same; locks it until the end of the transaction."""
    return await _changed(
        session,
        segment_id,
        SegmentRow.claim == token,
        SegmentRow.version == version,
        values=values,
    )


async def _changed(
    session: AsyncSession, segment_id: int, *where: Any, values: dict[str, Any]
) -> bool:
    result = await session.execute(
        update(SegmentRow)
        .where(SegmentRow.id == segment_id, *where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount == 1


async def due(session: AsyncSession, now: datetime) -> int | None:
    """Return the segment that waits longest to be refreshed."""
    free = SegmentRow.claimed_until.is_(None) | (SegmentRow.claimed_until <= now)
    found: int | None = await session.scalar(
        select(SegmentRow.id)
        .where(SegmentRow.due_at <= now, SegmentRow.archived_at.is_(None), free)
        .order_by(SegmentRow.due_at, SegmentRow.id)
        .limit(1)
    )
    return found
