"""Tells open pages which conversations have changed: one look at the database for all of them, while there are any."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.presence import Presence
from desk.signals import DESK, Signals
from desk.store.database import Database
from desk.tables.event import EventRow

log = structlog.get_logger()

ANYTHING = "*"
"""Stands for changes that belong to no conversation."""
_MOST = 500


class Changes:
    """One page's box for what has changed since it last looked."""

    def __init__(self) -> None:
        self._about: set[str] = set()
        self._came = asyncio.Event()

    def put(self, about: Collection[str]) -> None:
        """Note which conversations have changed."""
        self._about.update(about)
        self._came.set()

    async def get(self, wait: float) -> frozenset[str]:
        """Return which have changed, after at most ``wait`` seconds; empty when none has."""
        try:
            async with asyncio.timeout(wait):
                await self._came.wait()
        except TimeoutError:
            return frozenset()
        about = frozenset(self._about)
        self._about.clear()
        self._came.clear()
        return about


class Pulse:
    """Reads what is new in the event log, and who came or began to type; in this process at once, else in time."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        presence: Presence,
        interval: timedelta = timedelta(milliseconds=700),
    ) -> None:
        self._database = database
        self._signals = signals
        self._presence = presence
        self._interval = interval.total_seconds()
        self._readers: set[Changes] = set()
        self._running: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Changes]:
        """Give a box that is filled inside the block."""
        changes = Changes()
        self._readers.add(changes)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        try:
            yield changes
        finally:
            self._readers.discard(changes)
            if not self._readers and self._running is not None:
                self._running.cancel()
                self._running = None

    async def _run(self) -> None:
        before = last = 0
        here: dict[tuple[str, str], bool] = {}
        with self._signals.listen(DESK) as wake:
            while True:
                try:
                    async with self._database.read() as session:
                        # Two looks back: on PostgreSQL a smaller number may become visible after a larger one.
                        newest, about = await _news(session, before)
                        now_here = await self._presence.everywhere(session)
                except (
                    SQLAlchemyError
                ):  # the pages stay open, and are right again when the database is
                    log.exception("pulse_missed")
                    await asyncio.sleep(self._interval)
                    continue
                about |= {key[0] for key, _ in here.items() ^ now_here.items()}
                if about:
                    for reader in self._readers:
                        reader.put(about)
                before, last, here = last, newest, now_here
                await wake.get(self._interval)


async def _news(session: AsyncSession, after: int) -> tuple[int, set[str]]:
    newest = await session.scalar(select(func.max(EventRow.id))) or 0
    if newest <= after or after == 0:
        return newest, set()
    query = select(EventRow.conversation_id).where(EventRow.id > after).distinct().limit(_MOST)
    found = (await session.scalars(query)).all()
    return newest, {one or ANYTHING for one in found}
