"""Sends what is due of all campaigns: on each lane as many hands as its room takes, each with one message at a time.

Customers' conversations come first: while a reply waits on a lane, campaigns leave its room to it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from math import ceil
from typing import Protocol

import structlog

from analytics.campaigns import ledger, queue
from analytics.campaigns.hand import Hand, Ready, Tools
from analytics.campaigns.ledger import Recipient
from analytics.campaigns.origin import Origin
from desk.channel import Channel, Feature
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.outbox.limits import Limits
from desk.outbox.repository import Lane
from desk.store.database import Database

log = structlog.get_logger()

BATCH = 400
_HORIZON = timedelta(seconds=20)
"""No more is claimed than can be sent in this time: the rest stays for other processes."""
_POLL = 0.5
GONE = "gone"
"""The recipient is not there any more."""
_UNLIMITED = 200.0
"""Messages a second at which a lane without a limit is aimed by more hands than one."""


class Composing(Protocol):
    """Writes the messages of recipients."""

    async def compose(
        self, batch: Sequence[Recipient], now: datetime
    ) -> Mapping[int, Ready | str]:
        """Return by a recipient's id their message, or why there is none."""

    async def tell(self, sent: Mapping[int, Ready]) -> None:
        """Let conversations and the event log know what was sent."""


class Dispatcher:
    """Moves recipients from the queue to the channels, at most once each; any number of processes may."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        states: ChannelStates,
        composing: Composing,
        clock: Clock,
        batch: int = BATCH,
        lease: timedelta = ledger.LEASE,
        origin: Origin | None = None,
    ) -> None:
        """``origin`` knows whether the database is behind what was sent; without it nobody asks."""
        self._channels = channels
        self._origin = origin
        self._trusted = False
        self._composing = composing
        self._batch = batch
        self._tools = Tools(
            database=database,
            limits=Limits({name: channel.pace for name, channel in channels.items()}),
            states=states,
            clock=clock,
            lease=lease,
            tell=composing.tell,
            **({"fenced": origin.fenced} if origin else {}),
        )
        self._local = [n for n, one in channels.items() if Feature.LOCAL in one.features]
        self._caught_up_at = ledger.EVER
        self._seconds: dict[Lane, float] = {}
        self._lanes: dict[Lane, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work for ever."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:
                    log.exception("campaign_dispatch_failed")
                for lane, task in self._lanes.items():
                    if task.done() and (error := task.exception()):
                        log.error("campaign_lane_failed", channel=lane.channel, exc_info=error)
                await asyncio.sleep(_POLL)
        finally:
            for task in self._lanes.values():
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def drain(self) -> None:
        """Send all that is due now, to the end."""
        while await self.look():
            await asyncio.gather(*self._lanes.values())

    async def look(self) -> int:
        """Free what dead processes held, and begin on every lane that has something due; return how many those are.

        None are begun while the database may be one that was restored.
        """
        database, now = self._tools.database, self._tools.clock()
        async with database.read() as session:
            due = await queue.lanes(session, now)
        self._trusted = self._origin is None or await self._origin.trusted(busy=bool(due))
        if not self._trusted:
            return 0
        await self._catch_up(now)
        async with database.read() as session:
            lost = await ledger.any_lost(session, now)
        if lost:
            async with database.write() as session:
                back, unknown = await ledger.recover(session, now, self._local)
            log.warning("campaign_hands_lost", back=back, unknown=unknown)
            async with database.read() as session:
                due = await queue.lanes(session, now)
        for lane in due:
            if lane not in self._lanes or self._lanes[lane].done():
                self._lanes[lane] = asyncio.create_task(self._work(lane))
        return len(due)

    async def _catch_up(self, now: datetime) -> None:
        """Tell what was sent by a process that died before it could; whose turn it still is tells it only once."""
        if now < self._caught_up_at + self._tools.lease:
            return
        self._caught_up_at = now
        async with self._tools.database.read() as session:
            batch = await ledger.untold(session, now - self._tools.lease, most=self._batch)
        if batch:
            ready = await self._composing.compose(batch, now)
            made = {one: said for one, said in ready.items() if isinstance(said, Ready)}
            await self._composing.tell(made)
            log.warning("campaign_told_late", messages=len(made), left=len(batch) - len(made))

    @property
    def _after(self) -> datetime:
        """Since when what is due was not sent by a life of the database before this one."""
        return self._origin.sure_after if self._origin else ledger.EVER

    async def _work(self, lane: Lane) -> None:
        """Work on a lane until nothing is due."""
        while self._trusted and any(
            await asyncio.gather(*(self._batch_of(lane) for _ in range(self._hands(lane))))
        ):
            pass

    def _hands(self, lane: Lane) -> int:
        """Return how many sends must be under way to use a lane's room; no more, as a crash leaves each open."""
        if self._together(lane) > 1:
            return 1
        wanted = ceil(self._seconds.get(lane, 0.0) * self._rate(lane))
        return max(1, min(wanted, self._tools.limits.at_once(lane)))

    def _together(self, lane: Lane) -> int:
        channel = self._channels.get(lane.channel)
        return channel.pace.together if channel else 1

    def _rate(self, lane: Lane, otherwise: float = _UNLIMITED) -> float:
        """Return how many messages a second a lane allows in the long run."""
        channel = self._channels.get(lane.channel)
        rates = channel.pace.account if channel else ()
        return min((rate.count / rate.per.total_seconds() for rate in rates), default=otherwise)

    async def _batch_of(self, lane: Lane) -> bool:
        """Claim a batch and send it; say whether there was any."""
        database, now = self._tools.database, self._tools.clock()
        fits = self._rate(lane, float(self._batch)) * _HORIZON.total_seconds()
        async with database.write() as session:
            most = max(1, min(self._batch, int(fits)))
            token, batch = await queue.claim(
                session, lane, most=most, now=now, lease=self._tools.lease, after=self._after
            )
        if not batch:
            return False
        hand = Hand(lane, token, self._channels.get(lane.channel), self._tools)
        sent: dict[int, Ready] = {}
        try:
            ready = await self._composing.compose(batch, now)
            for some in batched(batch, self._together(lane)):
                got = await hand.send({one: ready.get(one.id, GONE) for one in some})
                sent |= {one.id: made for one, made in got.items()}
        finally:
            await asyncio.shield(self._close(hand, token, sent))
        self._seconds[lane] = hand.seconds
        return True

    async def _close(self, hand: Hand, token: str, sent: Mapping[int, Ready]) -> None:
        """Record the last end, put back what was not begun, and tell what was sent."""
        await hand.record()
        async with self._tools.database.write() as session:
            await ledger.drop(session, token)
        await self._composing.tell(sent)
