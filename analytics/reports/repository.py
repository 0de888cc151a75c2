"""The tables of the figures: what is read and written."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Insert, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.reports.definitions import DIMENSIONS
from analytics.reports.fold import Folding, Key, changed, due, open_spans
from analytics.reports.span import Group, Refile, Span, Strike, group_id
from analytics.reports.state import State, Talk, Ticket
from desk.store import core
from desk.store.upsert import insert_missing
from desk.tables.base import Base, table_of
from desk.tables.cursor import EventCursorRow
from desk.tables.metrics import (
    MetricGroupRow,
    MetricOpenRow,
    MetricPersonRow,
    MetricProgressRow,
    MetricSpanRow,
    MetricStateRow,
)

_ONLY = 1
_MANY = 5_000
"""Values in one IN; both databases take more."""
_TABLES = (
    MetricGroupRow,
    MetricSpanRow,
    MetricOpenRow,
    MetricStateRow,
    MetricPersonRow,
    MetricProgressRow,
)
_TALK = msgspec.json.Decoder(Talk)
_TICKET = msgspec.json.Decoder(Ticket)
_SPAN = table_of(MetricSpanRow)
_GROUP = table_of(MetricGroupRow)
_OPEN = table_of(MetricOpenRow)


async def progress(session: AsyncSession) -> MetricProgressRow:
    """Return how far the figures are; a new row when they have not begun."""
    found = await session.get(MetricProgressRow, _ONLY)
    return found or MetricProgressRow(id=_ONLY, told=0, revision=0, generation=0)


async def states(session: AsyncSession, subjects: Iterable[str], told: int) -> dict[str, State]:
    """Return the states of some subjects, and of those which change until a time without an event."""
    wanted = sorted(subjects)
    row = select(MetricStateRow.subject, MetricStateRow.state)
    queries = [row.where(MetricStateRow.due <= told)]
    for start in range(0, len(wanted), _MANY):
        part = wanted[start : start + _MANY]
        queries.append(row.where(MetricStateRow.subject.in_(part)))
    found: dict[str, State] = {}
    for query in queries:
        for subject, state in await session.execute(query):
            decoder = _TICKET if subject.startswith("t:") else _TALK
            found[subject] = decoder.decode(state)
    return found


async def save(session: AsyncSession, folding: Folding, revision: int) -> None:
    """Write what a stretch of the log has changed."""
    spans = await _with_earlier(session, folding)
    opened = [
        (subject, each)
        for subject in folding.touched
        for each in open_spans(folding.states[subject])
    ]
    await _save_groups(
        session, {span.group for span in spans.values()} | {each.group for _, each in opened}
    )
    await _upsert(session, MetricSpanRow, ("subject", "number"), _span_rows(spans, revision))
    touched = sorted(folding.touched)
    for start in range(0, len(touched), _MANY):
        part = touched[start : start + _MANY]
        await session.execute(delete(_OPEN).where(_OPEN.c.subject.in_(part)))
    await _insert(
        session,
        MetricOpenRow,
        [
            {"subject": subject, "group_id": group_id(each.group), "started": each.started}
            for subject, each in opened
        ],
    )
    await _upsert(session, MetricStateRow, ("subject",), _state_rows(folding, touched))


def _span_rows(spans: Mapping[Key, Span], revision: int) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "number": number,
            "round": span.round,
            "revision": revision,
            "group_id": group_id(span.group),
            "customer": span.customer,
            "started": span.started,
            "ended": span.ended,
            "lasted": span.lasted,
            "business": span.business,
            "value": span.value,
        }
        for (subject, number), span in spans.items()
    ]


def _state_rows(folding: Folding, subjects: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "due": due(folding.states[subject]),
            "state": msgspec.json.encode(folding.states[subject]).decode(),
        }
        for subject in subjects
    ]


async def _with_earlier(session: AsyncSession, folding: Folding) -> dict[Key, Span]:
    """Return the rows to write, with those written earlier whose round was filed elsewhere or taken away."""
    spans = dict(folding.spans)
    places = folding.struck | folding.refiled.keys()
    subjects = sorted({subject for subject, _ in places})
    for start in range(0, len(subjects), _MANY):
        part = subjects[start : start + _MANY]
        query = (
            select(_SPAN, _GROUP)
            .join(_GROUP, _GROUP.c.id == _SPAN.c.group_id)
            .where(_SPAN.c.subject.in_(part))
        )
        for row in await session.execute(query):
            place, key = (row.subject, row.round), (row.subject, row.number)
            if place in places and key not in spans:
                spans[key] = _changed(_span(row), place, folding)
    return spans


def _changed(span: Span, place: tuple[str, int], folding: Folding) -> Span:
    topic = folding.refiled.get(place)
    if topic is not None:
        span = changed(span, Refile(place[1], topic))
    return changed(span, Strike(place[1])) if place in folding.struck else span


def _span(row: Any) -> Span:
    group = Group(*(getattr(row, name) for name in Group._fields))
    return Span(
        group,
        row.round,
        row.started,
        row.ended,
        row.lasted,
        row.business,
        row.value,
        row.customer,
    )


async def _save_groups(session: AsyncSession, groups: set[Group]) -> None:
    rows = [{"id": group_id(group), **group._asdict()} for group in sorted(groups)]
    if rows:
        await insert_missing(session, MetricGroupRow, rows)


async def _insert(session: AsyncSession, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        await core.run(session, table_of(table).insert(), rows)


async def _upsert(
    session: AsyncSession, table: type[Base], key: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    if rows:
        dialect = session.get_bind().dialect.name
        await core.run(session, _upserting(dialect, table, key, tuple(rows[0])), rows)


@cache
def _upserting(
    dialect: str, table: type[Base], key: tuple[str, ...], columns: tuple[str, ...]
) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table_of(table))
    changes = {name: statement.excluded[name] for name in columns if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)


async def join_people(session: AsyncSession, kept: int, other: int) -> None:
    """Count two contacts as one customer."""
    rows = [{"id": other, "kept": kept}]
    await _upsert(session, MetricPersonRow, ("id",), rows)


async def part_people(session: AsyncSession, other: int) -> None:
    """Count a contact as a customer of its own again."""
    await session.execute(delete(MetricPersonRow).where(MetricPersonRow.id == other))


async def forget(session: AsyncSession, reader: str) -> None:
    """Forget every figure, and let the reader begin at the first event; a step under way is waited for."""
    place = select(EventCursorRow).where(EventCursorRow.name == reader).with_for_update()
    await session.scalar(place)
    generation = (await progress(session)).generation + 1
    for table in _TABLES:
        await session.execute(delete(table))
    await _insert(
        session,
        MetricProgressRow,
        [{"id": _ONLY, "told": 0, "revision": 0, "generation": generation}],
    )
    await session.execute(
        update(EventCursorRow)
        .where(EventCursorRow.name == reader)
        .values(last_id=0, missing={}, updated_at=None)
    )


# What reports ask


async def people(session: AsyncSession) -> dict[int, int]:
    """Return who is counted as whom."""
    rows = await session.execute(select(MetricPersonRow.id, MetricPersonRow.kept))
    return {row.id: row.kept for row in rows}


async def count_groups(session: AsyncSession) -> int:
    """Return how many groups there are."""
    return await session.scalar(select(func.count()).select_from(_GROUP)) or 0


async def first_end(session: AsyncSession) -> int | None:
    """Return when the first span ended."""
    found: int | None = await session.scalar(select(func.min(_SPAN.c.ended)))
    return found


async def groups(session: AsyncSession) -> list[tuple[int, Group]]:
    """Return every group with its number."""
    rows = await session.execute(select(_GROUP))
    return [(row[0], Group(*row[1:])) for row in rows]


async def groups_of(session: AsyncSession, numbers: Sequence[int]) -> list[tuple[int, Group]]:
    """Return some groups with their numbers."""
    found = []
    for start in range(0, len(numbers), _MANY):
        query = select(_GROUP).where(_GROUP.c.id.in_(numbers[start : start + _MANY]))
        found += [(row[0], Group(*row[1:])) for row in await session.execute(query)]
    return found


async def words(session: AsyncSession) -> dict[str, set[str]]:
    """Return every word of each dimension."""
    return {
        name: set(await session.scalars(select(_GROUP.c[name]).distinct())) for name in DIMENSIONS
    }


async def spans_between(session: AsyncSession, start: int, end: int) -> Sequence[Any]:
    """Return the rows that ended within ``[start, end)``, as :data:`COLUMNS`."""
    query = select(*COLUMNS).where(_SPAN.c.ended >= start, _SPAN.c.ended < end)
    return (await session.execute(query)).all()


async def spans_since(session: AsyncSession, revision: int) -> Sequence[Any]:
    """Return the rows that were written or changed after a revision."""
    return (await session.execute(select(*COLUMNS).where(_SPAN.c.revision > revision))).all()


async def opened(session: AsyncSession, until: int) -> Sequence[Any]:
    """Return group, how many have begun before a time and not ended, and when the first of them did."""
    query = (
        select(_OPEN.c.group_id, func.count(), func.min(_OPEN.c.started))
        .where(_OPEN.c.started < until)
        .group_by(_OPEN.c.group_id)
    )
    return (await session.execute(query)).all()


COLUMNS = (
    _SPAN.c.id,
    _SPAN.c.group_id,
    _SPAN.c.customer,
    _SPAN.c.ended,
    _SPAN.c.lasted,
    _SPAN.c.business,
    _SPAN.c.value,
)
