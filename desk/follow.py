"""Readers of the event log: each event reaches each reader once, in the transaction that moves the reader's place.

Whatever a reader writes in that transaction is therefore done once for each event, however often a process dies.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.cursor import EventCursorRow
from desk.tables.event import EventRow

log = structlog.get_logger()

type Handle = Callable[[AsyncSession, Sequence[EventRow]], Awaitable[object]]

_PATIENCE = timedelta(minutes=10)
"""How long a number that is not there yet may still come: longer than any transaction lasts."""
_POLL = 1.0


class Follower:
    """Hands the events to one reader, in batches. Any number of processes may run it; one at a time works.

    Numbers are given out before transactions end, so on PostgreSQL a lower one can appear after a higher. Such an
    event is handed over when it appears; events of one conversation always come in their order.
    """

    def __init__(
        self,
        name: str,
        handle: Handle,
        *,
        database: Database,
        clock: Clock,
        from_start: bool = True,
        batch: int = 500,
    ) -> None:
        self.name = name
        self._handle = handle
        self._database = database
        self._clock = clock
        self._from_start = from_start
        self._batch = batch

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            while await self._has_news() and await self.step():
                pass
            await asyncio.sleep(_POLL)

    async def _has_news(self) -> bool:
        """Look without a transaction to write in: on SQLite there is one for everybody."""
        async with self._database.read() as session:
            cursor = await session.get(EventCursorRow, self.name)
            if cursor is None:
                return True
            news = select(EventRow.id).where(_after(cursor)).limit(1)
            return await session.scalar(news) is not None

    async def step(self) -> int:
        """Hand over the next batch; return how many events it had, 0 also while another process is at it."""
        now = self._clock()
        async with self._database.write() as session:
            cursor = await self._cursor(session)
            if cursor is None:
                return 0
            rows = await self._rows(session, cursor)
            found = [row.id for row in rows]
            cursor.missing = still_missing(cursor.missing, cursor.last_id, found, now)
            cursor.last_id = max([cursor.last_id, *found])
            if rows:
                cursor.updated_at = now
                await self._handle(session, rows)
        return len(rows)

    async def _cursor(self, session: AsyncSession) -> EventCursorRow | None:
        query = (
            select(EventCursorRow)
            .where(EventCursorRow.name == self.name)
            .with_for_update(skip_locked=True)
        )
        cursor = await session.scalar(query)
        if cursor is not None:
            return cursor
        first = 0 if self._from_start else await session.scalar(select(func.max(EventRow.id)))
        new: dict[str, Any] = {"name": self.name, "last_id": first or 0, "missing": {}}
        await insert_new(session, EventCursorRow, new, unique=("name",))
        return await session.scalar(query)

    async def _rows(self, session: AsyncSession, cursor: EventCursorRow) -> Sequence[EventRow]:
        query = select(EventRow).where(_after(cursor)).order_by(EventRow.id).limit(self._batch)
        return (await session.scalars(query)).all()


def _after(cursor: EventCursorRow) -> ColumnElement[bool]:
    late = [int(number) for number in cursor.missing]
    return or_(EventRow.id > cursor.last_id, EventRow.id.in_(late))


def still_missing(
    missing: dict[str, str], last_id: int, found: Iterable[int], now: datetime
) -> dict[str, str]:
    """Return the numbers that may still come after a batch, each with the time since when it is missed."""
    seen = set(found)
    since = {number: datetime.fromisoformat(at) for number, at in missing.items()}
    kept = {
        number: at.isoformat()
        for number, at in since.items()
        if int(number) not in seen and now - at < _PATIENCE
    }
    new = range(last_id + 1, max(seen, default=last_id))
    return kept | {str(number): now.isoformat() for number in new if number not in seen}
