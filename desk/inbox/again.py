"""Tries updates again that could not be read: the adapter may have been mended since, or the trouble have passed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from desk.channel import Channel
from desk.clock import Clock
from desk.inbox import unread_repository
from desk.inbox.ingest import Ingest
from desk.message import Update
from desk.store.database import Database
from desk.tables.channel import UnreadState

_BATCH = 50


class Reads(Protocol):
    """A channel that reads its own updates."""

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what an update says."""


class UnreadAgain:
    """Reads what was set aside once more, up to five times each; one that fails delays no other."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        ingest: Ingest,
        clock: Clock,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self._database = database
        self._channels = channels
        self._ingest = ingest
        self._clock = clock
        self._poll = poll.total_seconds()

    async def run(self) -> None:
        """Try again for ever."""
        while True:
            if await self.step() < _BATCH:
                await asyncio.sleep(self._poll)

    async def step(self) -> int:
        """Try what is due now, each in a transaction of its own; return how many updates that were."""
        async with self._database.read() as session:
            found = await unread_repository.due(session, now=self._clock(), limit=_BATCH)
        for unread_id in found:
            await self._try(unread_id)
        return len(found)

    async def _try(self, unread_id: int) -> None:
        now = self._clock()
        try:
            async with self._database.read() as session:
                row = await unread_repository.waiting(session, unread_id)
            if row is None:
                return
            updates = await self._ingest.prepare(self._read(row.channel, row.raw))
            async with self._database.write() as session:
                row = await unread_repository.waiting(session, unread_id)
                if row is None:  # another process was faster
                    return
                await self._ingest.store(session, updates)
                row.state, row.done_at = UnreadState.DONE, now
        except Exception as error:  # that is what it was set aside for
            async with self._database.write() as session:
                await unread_repository.failed(session, unread_id, error, now)
            return
        await self._ingest.wake()

    def _read(self, name: str, raw: str) -> Sequence[Update]:
        channel: Any = self._channels.get(name)
        if channel is None:
            raise LookupError(f"the channel {name} is not set up")
        reader: Reads = channel
        return reader.read(json.loads(raw))
