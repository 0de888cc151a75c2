"""Sends what is in the outbox, each account on a lane of its own: whatever one platform does, the others go on."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channel import Channel, OutboundMessage, Sent, StatusUpdate
from desk.clock import Clock
from desk.errors import RetryableError
from desk.outbox import repository, tempo_repository
from desk.outbox.ledger import Claim, Ledger
from desk.outbox.limits import Limits
from desk.outbox.repository import Head, Lane
from desk.signals import OUTBOX, Listener, Signals
from desk.store.database import Database

log = structlog.get_logger()

SEND_TIMEOUT = timedelta(seconds=10)
_GRACE = 3.0
"""Seconds that sends in hand are given when we stop."""
_UNSETTLED = 60.0
"""Seconds for which we try to record the end of a send; then it is repeated when its lease is over."""
_SWEEP = timedelta(minutes=1)
_HOLD = timedelta(seconds=1)


@dataclass
class _Traffic:
    """What is under way on a lane: one task for each conversation, and those that the database refused."""

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)

    def release(self, now: datetime) -> None:
        self.held = {one: until for one, until in self.held.items() if until > now}

    def is_free(self, conversation_id: str) -> bool:
        return conversation_id not in self.tasks and conversation_id not in self.held


class Relay:
    """Moves rows from the outbox to the channels: one message of a conversation at a time, in order."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        signals: Signals,
        clock: Clock,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self._database = database
        self._channels = channels
        self._limits = Limits({name: channel.pace for name, channel in channels.items()})
        self._ledger = Ledger(database=database, limits=self._limits, clock=clock)
        self._signals = signals
        self._clock = clock
        self._poll = poll
        self._lanes: dict[Lane, _Traffic] = {}
        self._wake = Listener()
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Send for ever; wakes by signal, at the end of a send, when something is due, and every second."""
        with self._signals.listen(OUTBOX) as self._wake:
            try:
                while True:
                    _, next_due = await self._start()
                    await self._sweep()
                    await self._wake.get(self._pause(next_due))
            except asyncio.CancelledError:
                await self._stop()
                raise

    async def step(self) -> int:
        """Send what is due now, one message a conversation, to the end; return how many rows were touched."""
        started, _ = await self._start()
        if started:
            await asyncio.wait(started)
        for task in started:
            task.result()
        return len(started)

    async def report(self, update: StatusUpdate) -> bool:
        """Take note of what a platform says about a message; False if it is no news."""
        return await self._ledger.report(update)

    async def _start(self) -> tuple[list[asyncio.Task[None]], datetime | None]:
        """Start what is due on every lane; return the tasks, and when the next message is due."""
        now = self._clock()
        started, times = [], []
        async with self._database.read() as session:
            for lane in await repository.lanes(session):
                heads, next_due = await self._due(session, lane, now)
                started += [self._launch(lane, head) for head in heads]
                times.append(next_due)
        return started, min((at for at in times if at is not None), default=None)

    async def _due(
        self, session: AsyncSession, lane: Lane, now: datetime
    ) -> tuple[list[Head], datetime | None]:
        traffic = self._lanes.setdefault(lane, _Traffic())
        traffic.release(now)
        free = self._limits.at_once(lane) - len(traffic.tasks)
        room, ready = await self._limits.room(session, lane, now)
        if room == 0:
            return [], ready
        free = free if room is None else min(free, room)
        if free <= 0:  # the end of a send wakes us
            return [], None
        most = free + len(traffic.tasks) + len(traffic.held)
        heads = await repository.heads(session, lane, now=now, most=most)
        found = [head for head in heads if traffic.is_free(head.conversation_id)]
        return found[:free], await repository.next_due(session, lane, now=now)

    def _launch(self, lane: Lane, head: Head) -> asyncio.Task[None]:
        traffic = self._lanes[lane]
        task = asyncio.create_task(self._deliver(traffic, head))
        traffic.tasks[head.conversation_id] = task

        def end(_: asyncio.Task[None]) -> None:
            del traffic.tasks[head.conversation_id]
            self._wake.put("")

        task.add_done_callback(end)
        return task

    async def _deliver(self, traffic: _Traffic, head: Head) -> None:
        """Claim, send and settle one message; what goes wrong concerns this one alone."""
        try:
            claim = await self._ledger.claim(head)
            if claim is None:
                return
            started = self._clock()
            sent, error = await self._send(claim.message)
            await self._settle(claim, sent, error, started)
        except Exception:
            log.exception("send_unfinished", outbox_id=head.outbox_id)
            traffic.held[head.conversation_id] = self._clock() + _HOLD

    async def _send(self, message: OutboundMessage) -> tuple[Sent, Exception | None]:
        try:
            async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
                channel = self._channels.get(message.channel)
                if channel is None:
                    raise RetryableError(f"the channel {message.channel} is not set up")
                return await channel.send(message), None
        except (
            Exception
        ) as error:  # whatever an adapter raises, the row must not stay in 'sending'
            return Sent(), error

    async def _settle(
        self, claim: Claim, sent: Sent, error: Exception | None, started: datetime
    ) -> None:
        """Record the end of a send, patiently: a send whose end is not recorded is repeated."""
        deadline = asyncio.get_running_loop().time() + _UNSETTLED
        wait = 0.05
        while True:
            try:
                return await self._ledger.settle(claim, sent, error, started)
            except (SQLAlchemyError, OSError, TimeoutError):
                if asyncio.get_running_loop().time() + wait > deadline:
                    raise
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2.0)

    async def _sweep(self) -> None:
        now = self._clock()
        if self._swept_at is None or now >= self._swept_at + _SWEEP:
            self._swept_at = now
            async with self._database.write() as session:
                await tempo_repository.forget_idle(session, now)

    def _pause(self, next_due: datetime | None) -> float:
        wait = self._poll if next_due is None else min(next_due - self._clock(), self._poll)
        return max(0.0, wait.total_seconds())

    async def _stop(self) -> None:
        """Let sends in hand come to their end; those that take too long are cut off."""
        tasks = [task for traffic in self._lanes.values() for task in traffic.tasks.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)
