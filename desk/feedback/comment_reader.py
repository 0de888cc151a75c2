"""Reads comments: how they sound and what they are about. While the assistant is away they wait."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy import select

from desk.clock import Clock
from desk.dialogue.port import DialogueUnavailableError, Reading, Reads, TurnFailedError
from desk.feedback import record, repository
from desk.store.database import Database
from desk.tables.feedback import FeedbackRow

log = structlog.get_logger()

_POLL, _AWAY = 10.0, 60.0
_BATCH = 20


class CommentReader:
    """Any number of processes may run it; reading twice is harmless."""

    def __init__(self, *, database: Database, reads: Reads, clock: Clock) -> None:
        self._database = database
        self._reads = reads
        self._clock = clock

    async def run(self) -> None:
        """Read for ever."""
        while True:
            try:
                while await self.step():
                    pass
            except DialogueUnavailableError:
                await asyncio.sleep(_AWAY)
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Read what nobody has read; return how many comments. DialogueUnavailableError while nobody can."""
        unread = await self._unread()
        for row in unread:
            await self._keep(row, await self._read(row))
        return len(unread)

    async def _unread(self) -> Sequence[FeedbackRow]:
        query = (
            select(FeedbackRow)
            .where(FeedbackRow.comment.is_not(None), FeedbackRow.read_at.is_(None))
            .order_by(FeedbackRow.id)
            .limit(_BATCH)
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def _read(self, row: FeedbackRow) -> Reading | None:
        try:
            return await self._reads.read(row.comment or "", row.language or "en")
        except TurnFailedError:
            # It was reached and failed at these very words: nobody would read them the next time either.
            log.warning("comment_unreadable", feedback_id=row.id)
            return None

    async def _keep(self, read: FeedbackRow, reading: Reading | None) -> None:
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.by_id(session, read.id, lock=True)
            # More may have been written meanwhile; then all of it is read again.
            if row is None or row.read_at is not None or row.comment != read.comment:
                return
            row.read_at = now
            if reading is not None:
                row.mood, row.comment_topic = reading.mood, reading.topic
                data = {"mood": row.mood, "comment_topic": row.comment_topic}
                record.append(session, row, record.READ, now, data)
