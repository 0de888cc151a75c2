"""One hand: it sends its batch one by one, and records each end together with the next beginning.

On a lane that allows it several are sent at once, as if they were one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import addresses, ledger
from analytics.campaigns.ledger import End, Recipient, Terms
from desk.channel import Channel, Feature, UnreachableError
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.errors import RetryableError
from desk.message import Gone, OutboundMessage, Sent
from desk.outbox import costs, reach, repository
from desk.outbox.limits import Limits
from desk.outbox.progress import after_attempt
from desk.outbox.relay import SEND_TIMEOUT
from desk.outbox.repository import Lane
from desk.outbox.retry import pause_of
from desk.outbox.sending import outcome
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.campaign import RecipientState
from desk.tables.outbox import OutboxState, Policy

log = structlog.get_logger()

PATIENCE = timedelta(seconds=2)
"""For so long a hand waits for room; what must wait longer goes back to the queue."""
_AFTER_A_REPLY = timedelta(milliseconds=20)
_STATES = {
    OutboxState.SENT: RecipientState.SENT,
    OutboxState.FAILED: RecipientState.FAILED,
    OutboxState.DEAD: RecipientState.FAILED,
    OutboxState.UNKNOWN: RecipientState.UNKNOWN,
    OutboxState.QUEUED: RecipientState.QUEUED,
}


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A message as it goes out, the terms of its run, and from when on it is not in its reader's quiet hours.

    ``choices`` are those that the conversation keeps, with what is meant by them.
    """

    message: OutboundMessage
    terms: Terms
    not_before: datetime
    choices: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What all hands share."""

    database: Database
    limits: Limits
    states: ChannelStates
    clock: Clock
    lease: timedelta
    #: Lets conversations know: where customers read there, that is the send.
    tell: Callable[[Mapping[int, Ready]], Awaitable[None]]
    #: Hears of each row that is fenced, and how often it was, before it is sent.
    fenced: Callable[[int, int], None] = lambda row, attempts: None


@dataclass(frozen=True, kw_only=True)
class _Done:
    """A send whose end is not recorded yet."""

    one: Recipient
    sent: Sent
    error: Exception | None
    began_at: datetime
    ended_at: datetime


class _LaterError(Exception):
    """There is no room now."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class Hand:
    """Sends what one token has claimed."""

    def __init__(self, lane: Lane, token: str, channel: Channel | None, tools: Tools) -> None:
        self._lane = lane
        self._token = token
        self._channel = channel
        self._tools = tools
        self._limited = channel is not None and bool(channel.pace.account)
        self._local = channel is not None and Feature.LOCAL in channel.features
        self._alone = channel is None or channel.pace.together == 1
        self._done: list[_Done] = []
        self._extended_at = tools.clock()
        self.seconds = 0.0
        """What the last send took."""

    async def send(self, several: Mapping[Recipient, Ready | str]) -> dict[Recipient, Ready]:
        """Send to some recipients at once unless something is in the way, which is then the reason.

        Return what got out.
        """
        fenced, began = await self._begun(several)
        if not fenced:
            return {}
        started = monotonic()
        if self._local:
            await self._tools.tell({one.id: ready for one, ready in fenced.items()})
        done = await asyncio.gather(
            *(self._sent(one, ready, began) for one, ready in fenced.items())
        )
        self.seconds = monotonic() - started
        self._done = list(done)
        if errors := [one.error for one in done if one.error is not None]:
            await self.record()
            for error in errors:
                await self._tools.states.tell(self._lane.channel, self._lane.account, error)
        return {one.one: fenced[one.one] for one in done if one.error is None}

    async def _sent(self, one: Recipient, ready: Ready, began: datetime) -> _Done:
        sent, error = await outcome(lambda: self._handed(ready.message), SEND_TIMEOUT)
        ended = self._tools.clock()
        return _Done(one=one, sent=sent, error=error, began_at=began, ended_at=ended)

    async def record(self) -> None:
        """Record the ends of the last sends."""
        if self._done:
            async with self._tools.database.write() as session:
                await self._settle(session)
            self._done = []

    async def _handed(self, message: OutboundMessage) -> Sent:
        if self._channel is None:
            raise RetryableError(f"the channel {message.channel} is not set up")
        if self._local:
            return Sent()  # its customers read what was told to the conversation
        return await self._channel.send(message)

    async def _begun(
        self, several: Mapping[Recipient, Ready | str]
    ) -> tuple[dict[Recipient, Ready], datetime]:
        """Fence rows as soon as there is room; return those that are to be sent now, and when that was."""
        while True:  # at most as often as others take the room
            now = self._tools.clock()
            ends, ready = _sorted(several, now)
            try:
                return await self._fenced(ready, ends, now), now
            except _LaterError as error:
                later = error.at
            await self.record()
            if later - now > PATIENCE:
                ends |= dict.fromkeys(
                    (one.id for one in ready), End(state=RecipientState.QUEUED, again=later)
                )
                return await self._fenced({}, ends, now), now
            await asyncio.sleep((later - now).total_seconds())

    async def _fenced(
        self, ready: dict[Recipient, Ready], ends: Mapping[int, End], now: datetime
    ) -> dict[Recipient, Ready]:
        """Record the last ends and begin the next sends in one transaction, all of it or nothing."""
        async with self._tools.database.write() as session:
            await self._settle(session)
            extended_at = await self._extended(session, now)
            reasons: dict[int, str] = {}
            for terms, some in _by_run(ready):
                reasons |= await ledger.fence(
                    session, some, self._token, terms, now, lease=self._tools.lease
                )
            fenced = {one: ready[one] for one in ready if one.id not in reasons}
            await self._counted(session, fenced, now)
            ends = dict(ends) | {
                one: End(state=RecipientState.SKIPPED, reason=reason)
                for one, reason in reasons.items()
                if reason != ledger.STOPPED
            }
            await ledger.settle(session, ends, self._token, sending=False)
        self._done, self._extended_at = [], extended_at
        for one in fenced:
            self._tools.fenced(one.id, one.attempts + 1)
        return fenced

    async def _extended(self, session: AsyncSession, now: datetime) -> datetime:
        """Keep the rest of the batch for longer when it is time; return when that was done last."""
        if now - self._extended_at <= self._tools.lease / 4:
            return self._extended_at
        await ledger.extend(session, self._token, now + self._tools.lease)
        return now

    async def _counted(
        self, session: AsyncSession, fenced: Iterable[Recipient], now: datetime
    ) -> None:
        """Take the room for sends; raises when a reply wants it, or when there is none."""
        if self._limited and await repository.heads(session, self._lane, now=now, most=1):
            raise _LaterError(now + _AFTER_A_REPLY)
        # Where several are sent at once there is no limit, but the lane may have been asked to be silent.
        for thread in {one.thread if self._alone else "" for one in fenced}:
            later = await self._tools.limits.begin(session, self._lane, thread, now)
            if later is not None:
                raise _LaterError(later)

    async def _settle(self, session: AsyncSession) -> None:
        ends = {done.one.id: _end_of(done) for done in self._done}
        lost = await ledger.settle(session, ends, self._token, sending=True)
        for done in self._done:
            if done.one.id in lost:
                log.warning("campaign_send_lost", recipient_id=done.one.id)
            else:
                await self._noted(session, done)

    async def _noted(self, session: AsyncSession, done: _Done) -> None:
        """Note what a send has cost, whom it could not reach, and how long the lane is to be silent."""
        one, error = done.one, done.error
        if done.sent.cost_micros:
            await costs.add(session, self._lane, done.sent.cost_micros, done.ended_at)
        if isinstance(error, UnreachableError):
            await addresses.keep(session, [one], done.ended_at)
            await reach.gone(
                session,
                Gone(
                    channel=one.channel,
                    account=one.account,
                    sender=one.address,
                    reason=str(error),
                    at=done.ended_at,
                ),
            )
        await self._tools.limits.end(
            session,
            self._lane,
            one.thread,
            began_at=done.began_at,
            now=done.ended_at,
            asked=pause_of(error),
        )


def _sorted(
    several: Mapping[Recipient, Ready | str], now: datetime
) -> tuple[dict[int, End], dict[Recipient, Ready]]:
    """Return who is not to be sent to, or not now, with that end, and who is."""
    ends: dict[int, End] = {}
    ready: dict[Recipient, Ready] = {}
    for one, made in several.items():
        if isinstance(made, str):
            ends[one.id] = End(state=RecipientState.SKIPPED, reason=made)
        elif made.not_before > now:
            ends[one.id] = End(state=RecipientState.QUEUED, again=made.not_before)
        else:
            ready[one] = made
    return ends, ready


def _by_run(ready: Mapping[Recipient, Ready]) -> Iterator[tuple[Terms, list[Recipient]]]:
    """Return recipients run by run, as no run has anybody twice: the budget counts what the runs before have taken."""
    runs: dict[int, list[Recipient]] = {}
    for one in ready:
        runs.setdefault(one.run_id, []).append(one)
    for some in runs.values():
        yield ready[some[0]].terms, some


def _end_of(done: _Done) -> End:
    """Return how a send ended: what nobody knows is never tried again."""
    state, again = after_attempt(
        done.one.attempts + 1,
        done.error,
        policy=Policy.AT_MOST_ONCE,
        created_at=done.began_at,
        now=done.ended_at,
    )
    said: Any = done.error and storable(f"{type(done.error).__name__}: {done.error}", 300)
    external_id = done.sent.external_id
    known_as = None if external_id is None else storable(str(external_id), 256)
    return End(state=_STATES[state], reason=said, external_id=known_as, again=again)
