"""Removes what nobody asks for any more: old deliveries, and answers of the API whose day is over."""

import asyncio
from datetime import timedelta

import structlog

from desk import idempotency
from desk.clock import Clock
from desk.store.database import Database
from desk.webhooks import repository

log = structlog.get_logger()

DELIVERIES_KEPT = timedelta(days=30)
_PAUSE = 3_600.0


class WebhookSweep:
    """Sweeps once an hour; any number of processes may."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await self.step()
            await asyncio.sleep(_PAUSE)

    async def step(self) -> int:
        """Sweep once; return how many rows went."""
        now = self._clock()
        async with self._database.write() as session:
            gone = await repository.forget(session, now - DELIVERIES_KEPT)
            gone += await idempotency.forget(session, now)
        if gone:
            log.info("webhooks_swept", rows=gone)
        return gone
