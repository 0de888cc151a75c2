"""Sends what is in the outbox, each account on a lane of its own: whatever one platform does, the others go on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channel import Channel
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.conversations.mirror import Mirror
from desk.errors import RetryableError
from desk.message import Attachment, OutboundMessage, Sent, StatusUpdate
from desk.outbox import repository, tempo_repository
from desk.outbox.ledger import Ledger
from desk.outbox.limits import Limits
from desk.outbox.repository import Head, Lane
from desk.outbox.sending import Sending, Tasks, Traffic, outcome
from desk.signals import DESK, OUTBOX, Signals
from desk.store.database import Database
from desk.tables.conversation import Author

log = structlog.get_logger()

type Load = Callable[[Sequence[Attachment]], Awaitable[tuple[Attachment, ...]]]
"""Returns files with their contents."""

SEND_TIMEOUT = timedelta(seconds=10)
FILES_TIMEOUT = timedelta(seconds=25)
"""Files take longer; still less than the lease."""
_EARLY = 2.0
"""Seconds for which a report waits for the sends that are under way; whoever brings it has little patience."""
_LOOK = 0.02
_SWEEP = timedelta(minutes=1)


class Relay(Sending):
    """Moves rows from the outbox to the channels: one message of a conversation at a time, in order."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        states: ChannelStates,
        load: Load,
        signals: Signals,
        clock: Clock,
        mirror: Mirror | None = None,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        super().__init__(topic=OUTBOX, signals=signals, clock=clock, poll=poll)
        self._load = load
        self._database = database
        self._channels = channels
        self._limits = Limits({name: channel.pace for name, channel in channels.items()})
        self._ledger = Ledger(
            database=database,
            channels=channels,
            limits=self._limits,
            clock=clock,
            mirror=mirror,
        )
        self._states = states
        self._lanes: dict[Lane, Traffic] = {}
        self._swept_at: datetime | None = None

    async def report(self, update: StatusUpdate) -> bool:
        """Take note of what a platform says about a message; False if it is no news.

        Raises:
            RetryableError: it may be about a message whose send has not come to its end; it shall be told again.
        """
        news = await self._ledger.report(update)
        if news is None:
            await self._ends(await self._ledger.under_way(update), update)
            news = await self._ledger.report(update)
        if news:
            await self._signals.publish(DESK)
        return bool(news)

    async def _ends(self, sends: frozenset[int], update: StatusUpdate) -> None:
        """Wait for the ends of sends: platforms may tell of a delivery before they answer the request that sent it."""
        deadline = asyncio.get_running_loop().time() + _EARLY
        while sends:
            if asyncio.get_running_loop().time() > deadline:
                raise RetryableError("the message may still be under way; tell it again")
            await asyncio.sleep(_LOOK)
            sends &= await self._ledger.under_way(update)

    async def _start(self) -> tuple[Tasks, datetime | None]:
        """Start what is due on every lane; return the tasks, and when the next message is due."""
        now = self._clock()
        started, times = [], []
        async with self._database.read() as session:
            for lane in await repository.lanes(session):
                heads, next_due = await self._due(session, lane, now)
                started += [self._deliver(lane, head) for head in heads]
                times.append(next_due)
        return started, min((at for at in times if at is not None), default=None)

    async def _due(
        self, session: AsyncSession, lane: Lane, now: datetime
    ) -> tuple[list[Head], datetime | None]:
        traffic = self._lanes.setdefault(lane, Traffic())
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

    def _traffic(self) -> Iterable[Traffic]:
        return self._lanes.values()

    def _deliver(self, lane: Lane, head: Head) -> asyncio.Task[None]:
        traffic = self._lanes[lane]
        return self._launch(traffic, head.conversation_id, self._moved(traffic, head))

    async def _moved(self, traffic: Traffic, head: Head) -> None:
        """Claim, send and settle one message; what goes wrong concerns this one alone."""
        try:
            claim = await self._ledger.claim(head)
            if claim is None:
                return
            started = self._clock()
            sent, error = await self._send(claim.message)
            await self._recorded(lambda: self._ledger.settle(claim, sent, error, started))
            if claim.message.author is Author.AGENT:
                await self._signals.publish(DESK)
            await self._states.tell(claim.message.channel, claim.message.account, error)
        except Exception:
            log.exception("send_unfinished", outbox_id=head.outbox_id)
            traffic.hold(head.conversation_id, self._clock())

    async def _send(self, message: OutboundMessage) -> tuple[Sent, Exception | None]:
        return await outcome(
            lambda: self._handed(message), FILES_TIMEOUT if message.attachments else SEND_TIMEOUT
        )

    async def _handed(self, message: OutboundMessage) -> Sent:
        channel = self._channels.get(message.channel)
        if channel is None:
            raise RetryableError(f"the channel {message.channel} is not set up")
        files = await self._load(message.attachments)
        return await channel.send(replace(message, attachments=files))

    async def _sweep(self) -> None:
        now = self._clock()
        if self._swept_at is None or now >= self._swept_at + _SWEEP:
            self._swept_at = now
            async with self._database.write() as session:
                await tempo_repository.forget_idle(session, now)
