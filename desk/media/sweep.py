"""Removes what nobody names: uploads without a message, and objects without a row."""

import asyncio
from datetime import timedelta

import structlog

from desk.clock import Clock
from desk.media import repository
from desk.media.service import NAMED_WITHIN
from desk.media.store import MediaStore
from desk.store.database import Database

log = structlog.get_logger()

OLD = timedelta(days=1)
_HOUR = timedelta(hours=1)
_BATCH = 500
_REMOVING = timedelta(minutes=10)


class Sweep:
    """Sweeps every hour. Any number of them at once is harmless."""

    def __init__(self, *, database: Database, store: MediaStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            while await self.step() == _BATCH:
                pass
            await asyncio.sleep(_HOUR.total_seconds())

    async def step(self) -> int:
        """Sweep once; return how many objects were removed.

        An object is taken out of use before it is removed. Until that is done, keeping the same content again is
        refused for the moment, so no row ever names an object that is going.
        """
        now = self._clock()
        async with self._database.write() as session:
            # A message may name an upload until it is old; an hour later every such message has its own row.
            await repository.forget_uploads(session, now - NAMED_WITHIN - _HOUR)
            await repository.abandon(session, now - OLD, "nobody could fetch it")
        before = now - OLD
        async with self._database.read() as session:
            # The inbox first: what is worked on meanwhile is seen here, or as a row below.
            waiting = await repository.named_in_inbox(session)
        async with self._database.read() as session:
            found = await repository.orphans(session, before=before, now=now, limit=_BATCH)
        if not found - waiting:
            return 0
        async with self._database.write() as session:
            keys = await repository.mark_going(
                session, found - waiting, before=before, now=now, until=now + _REMOVING
            )
        await self._remove(keys)
        return len(keys)

    async def _remove(self, keys: list[str]) -> None:
        async with asyncio.timeout(_REMOVING.total_seconds() / 2):
            for key in keys:
                await self._store.delete(key)
        async with self._database.write() as session:
            await repository.forget(session, keys)
        if keys:
            log.info("media_swept", objects=len(keys))
