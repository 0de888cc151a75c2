"""Segments: kept, changed, looked at, taken away. Who belongs is computed in :mod:`analytics.segments.refresh`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.segments import repository
from analytics.segments.model import (
    ChangedError,
    Draft,
    Member,
    Preview,
    Run,
    Segment,
    Someone,
    Version,
)
from analytics.segments.people import People
from analytics.segments.refresh import Refresher
from analytics.segments.rule import Rule, read
from desk.access import audit
from desk.clock import Clock
from desk.errors import ConflictError, InvalidError
from desk.store.database import Database
from desk.tables.segment import SegmentRow, SegmentVersionRow

_MOST = 200
_AWAY = "this segment is archived; bring it back first"
_FREE: dict[str, Any] = {"claim": None, "claimed_until": None}


@dataclass(frozen=True, kw_only=True)
class MemberPage:
    """Members with who they are; ``after`` leads to the next page, None at the end."""

    members: tuple[tuple[Member, Someone], ...]
    after: str | None


class Segments:
    """What pages and commands ask of segments."""

    def __init__(
        self, database: Database, clock: Clock, people: People, refresher: Refresher
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._refresher = refresher

    async def list(self, *, archived: bool = False) -> Sequence[Segment]:
        """Return the segments by name, those in use or those that were put away."""
        async with self._database.read() as session:
            return await repository.segments(session, archived=archived)

    async def get(self, segment_id: int) -> Segment:
        """Return a segment; raises NotFoundError."""
        async with self._database.read() as session:
            return await repository.seen(session, segment_id)

    async def create(self, draft: Draft, *, by: str) -> Segment:
        """Keep a new segment; it is computed as soon as somebody has time, or asks.

        Raises:
            InvalidError: something is wrong; the message says what.
            ConflictError: another segment has the name.
        """
        rule, now = draft.checked(), self._clock()
        async with self._database.write() as session:
            await _free(session, draft.name, None)
            row = SegmentRow(
                version=1, edition=1, due_at=now, created_at=now, created_by=by, **_FREE
            )
            _fill(row, draft, rule, by, now)
            session.add(row)
            await session.flush()
            session.add(_version(row, by, now))
            await _note(session, by, row.id, {"created": True}, now)
        return await self.get(row.id)

    async def change(self, segment_id: int, draft: Draft, *, edition: int, by: str) -> Segment:
        """Change a segment that is as it was when somebody looked: of this ``edition``.

        A rule that means something else gets a version of its own, and who belongs is computed anew.

        Raises:
            InvalidError: something is wrong; the message says what.
            ConflictError: it was changed meanwhile, is archived, or another segment has the name.
        """
        rule, now = draft.checked(), self._clock()
        async with self._database.write() as session:
            row = await repository.row(session, segment_id)
            if row.edition != edition:
                raise ChangedError
            if row.archived_at is not None:
                raise ConflictError(_AWAY)
            await _free(session, draft.name, segment_id)
            is_new = read(row.rule).digest != rule.digest
            _fill(row, draft, rule, by, now)
            row.edition += 1
            row.due_at = now if is_new else _next(row)
            if is_new:
                row.version += 1
                # Whoever computes the old rule finds the claim gone and stops.
                row.claim, row.claimed_until = None, None
                session.add(_version(row, by, now))
            await _note(session, by, row.id, {"version": row.version}, now)
        return await self.get(segment_id)

    async def archive(self, segment_id: int, *, by: str, away: bool = True) -> None:
        """Put a segment away, or bring it back; put away, it is not refreshed and keeps its members."""
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.row(session, segment_id)
            if (row.archived_at is not None) is away:
                return
            row.archived_at = now if away else None
            row.due_at = None if away else now
            row.claim, row.claimed_until = None, None
            row.edition += 1
            row.updated_at, row.updated_by = now, by
            await _note(session, by, row.id, {"archived": away}, now)

    async def delete(self, segment_id: int, *, confirm: str, by: str) -> None:
        """Forget a segment, its members and its history; ``confirm`` is its name.

        Raises:
            InvalidError: that is not its name.
        """
        async with self._database.write() as session:
            row = await repository.row(session, segment_id)
            if confirm.strip() != row.name:
                raise InvalidError(f"to delete it, write its name: {row.name}")
            await session.delete(row)
            await _note(session, by, segment_id, {"deleted": True}, self._clock())

    async def preview(self, rule: Rule) -> Preview:
        """Return how many a rule finds now, and some of them; nothing is kept."""
        return await self._people.preview(rule, self._clock())

    async def refresh(self, segment_id: int) -> Run:
        """Compute now who belongs; see :meth:`analytics.segments.refresh.Refresher.refresh`."""
        return await self._refresher.refresh(segment_id)

    async def ask(self, segment_id: int) -> None:
        """Let a segment be computed by whoever looks next what is due.

        Raises:
            ConflictError: it is archived.
        """
        async with self._database.write() as session:
            row = await repository.row(session, segment_id)
            if row.archived_at is not None:
                raise ConflictError(_AWAY)
            row.due_at = self._clock()

    async def runs(
        self, segment_id: int, *, before: int | None = None, limit: int = 50
    ) -> Sequence[Run]:
        """Return runs, newest first; ``before`` is the last id of the page before."""
        async with self._database.read() as session:
            return await repository.runs(
                session, segment_id, before=before, limit=max(1, min(limit, _MOST))
            )

    async def versions(self, segment_id: int) -> Sequence[Version]:
        """Return the rules that it had, newest first."""
        async with self._database.read() as session:
            return await repository.versions(session, segment_id)

    async def members(
        self, segment_id: int, *, after: str = "", limit: int = 50, most: int = _MOST
    ) -> MemberPage:
        """Return 1 to ``most`` members with who they are, by their ids."""
        limit = max(1, min(limit, most))
        async with self._database.read() as session:
            await repository.seen(session, segment_id)
            found = await repository.members(session, segment_id, after=after, limit=limit + 1)
        shown = found[:limit]
        known = await self._people.look([one.person_id for one in shown])
        return MemberPage(
            members=tuple(zip(shown, known, strict=True)),
            after=shown[-1].person_id if len(found) > limit else None,
        )


async def _free(session: AsyncSession, name: str, mine: int | None) -> None:
    if await repository.named(session, name) not in (None, mine):
        raise ConflictError(f"there is a segment {name!r} already")


def _fill(row: SegmentRow, draft: Draft, rule: Rule, by: str, now: datetime) -> None:
    row.name, row.description = draft.name, draft.description
    row.rule = rule.written()
    row.refresh_seconds = None if draft.every is None else round(draft.every.total_seconds())
    row.updated_at, row.updated_by = now, by


def _next(row: SegmentRow) -> datetime | None:
    """Return when a segment is due that has not become another."""
    if row.refreshed_at is None:
        return row.due_at
    seconds = row.refresh_seconds
    return None if seconds is None else row.refreshed_at + timedelta(seconds=seconds)


def _version(row: SegmentRow, by: str, now: datetime) -> SegmentVersionRow:
    return SegmentVersionRow(
        segment_id=row.id, number=row.version, rule=row.rule, created_at=now, by=by
    )


async def _note(
    session: AsyncSession, by: str, segment_id: int, detail: dict[str, Any], now: datetime
) -> None:
    thing = f"segment:{segment_id}"
    await audit.note(session, by=by, deed="segment.change", thing=thing, detail=detail, now=now)
