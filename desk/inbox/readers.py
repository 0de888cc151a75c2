"""Reads the channels that do not call us: one loop an account, under a lease, whatever the others do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.channel import Channel, ListeningChannel, PollingChannel
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.errors import RetryableError
from desk.ids import new_id
from desk.inbox import cursors
from desk.inbox.cursors import LEASE, Reading
from desk.inbox.ingest import Ingest
from desk.outbox import costs
from desk.outbox.repository import Lane
from desk.outbox.retry import backoff, pause_of
from desk.store.database import Database

log = structlog.get_logger()

POLL_TIMEOUT = timedelta(seconds=45)
_LONGEST_WAIT = timedelta(minutes=5)


class LeaseLostError(RetryableError):
    """Another process reads this account now."""


class Readers:
    """Polls and listens on every channel that wants it, each on its own."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        ingest: Ingest,
        states: ChannelStates,
        clock: Clock,
        standby: timedelta = timedelta(seconds=5),
    ) -> None:
        self._database = database
        self._channels = channels
        self._ingest = ingest
        self._states = states
        self._clock = clock
        self._standby = standby
        self._owner = new_id()

    async def run(self) -> None:
        """Read for ever; at the end other processes may read at once."""
        try:
            async with asyncio.TaskGroup() as group:
                for channel in self._channels.values():
                    if isinstance(channel, PollingChannel):
                        group.create_task(self._keep_on(channel, self.poll))
                    if isinstance(channel, ListeningChannel):
                        group.create_task(self._keep_on(channel, self.listen))
                await asyncio.Event().wait()
        finally:
            await cursors.release(self._database, self._owner)

    async def _keep_on[C: PollingChannel | ListeningChannel](
        self, channel: C, read: Callable[[C], Awaitable[timedelta]]
    ) -> None:
        failures = 0
        while True:
            try:
                pause = await read(channel)
                failures = 0
            except Exception as error:  # whatever it is, it concerns this account alone
                failures += 1
                pause = pause_of(error) or backoff(failures, ceiling=_LONGEST_WAIT)
                await self._note(channel, error)
            await asyncio.sleep(pause.total_seconds())

    async def _note(self, channel: PollingChannel | ListeningChannel, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        log.warning("channel_not_read", channel=channel.name, error=reason)
        with suppress(
            SQLAlchemyError, OSError
        ):  # the database is away: the next round says so, too
            await self._states.tell(channel.name, channel.account, error)

    async def poll(self, channel: PollingChannel) -> timedelta:
        """Ask once, and store what comes and the cursor in one transaction; return how long to wait before the next.

        Raises:
            LeaseLostError: another process took over meanwhile; nothing of this poll is stored here.
        """
        reading = await self._take(channel)
        if reading is None:
            return self._standby
        async with asyncio.timeout(POLL_TIMEOUT.total_seconds()):
            polled = await channel.poll(reading.cursor)
        updates = await self._ingest.prepare(polled.updates)
        now = self._clock()
        async with self._database.write() as session:
            if not await cursors.move(session, reading, polled.cursor, now):
                raise LeaseLostError
            await self._ingest.store(session, updates)
            if polled.cost_micros:
                lane = Lane(channel.name, channel.account)
                await costs.add(session, lane, polled.cost_micros, now)
        if updates:
            await self._ingest.wake()
        await self._states.tell(channel.name, channel.account, None)
        return polled.wait

    async def listen(self, channel: ListeningChannel) -> timedelta:
        """Listen while the lease is ours."""
        if await self._take(channel) is None:
            return self._standby
        listening = asyncio.create_task(channel.listen(self._ingest.accept))
        try:
            while not (await asyncio.wait([listening], timeout=LEASE.total_seconds() / 3))[0]:
                if await self._take(channel) is None:
                    raise LeaseLostError
                await self._states.tell(channel.name, channel.account, None)
            listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return timedelta()

    async def _take(self, channel: PollingChannel | ListeningChannel) -> Reading | None:
        return await cursors.take(
            self._database,
            channel.name,
            channel.account,
            owner=self._owner,
            now=self._clock(),
        )
