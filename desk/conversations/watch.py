"""Notices messages that another process stored, and wakes the readers of this one."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from desk.signals import LocalSignals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, MessageRow


class Watcher:
    """Looks for new messages twice a second: one query, however many customers are reading."""

    def __init__(
        self,
        *,
        database: Database,
        signals: LocalSignals,
        interval: timedelta = timedelta(milliseconds=500),
    ) -> None:
        self._database = database
        self._signals = signals
        self._interval = interval.total_seconds()

    async def run(self) -> None:
        """Look for ever."""
        # Two looks back: on PostgreSQL a smaller number may become visible after a larger one.
        before = last = await self._newest()
        while True:
            await asyncio.sleep(self._interval)
            newest = await self._newest()
            if newest > before:
                for thread in await self._threads(before):
                    self._signals.wake(conversation_topic(thread), "message")
            before, last = last, newest

    async def _newest(self) -> int:
        async with self._database.read() as session:
            return await session.scalar(select(func.max(MessageRow.id))) or 0

    async def _threads(self, after: int) -> list[str]:
        query = (
            select(ConversationRow.thread)
            .join(MessageRow, MessageRow.conversation_id == ConversationRow.id)
            .where(MessageRow.id > after)
            .distinct()
        )
        async with self._database.read() as session:
            return list((await session.scalars(query)).all())
