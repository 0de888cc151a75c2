"""Sends what is in the outbox: one message of a conversation at a time, in order, fenced at each send."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.channel import Channel, Choice, DeliveryStatus, OutboundMessage, Sent, StatusUpdate
from desk.clock import Clock
from desk.conversations.repository import locked as locked_conversation
from desk.errors import RejectedError, RetryableError
from desk.events import Event
from desk.outbox import repository
from desk.outbox.retry import next_attempt
from desk.signals import OUTBOX, Signals
from desk.store.database import Database
from desk.tables.conversation import ConversationRow
from desk.tables.outbox import OutboxRow, OutboxState, Policy

log = structlog.get_logger()

SEND_TIMEOUT = timedelta(seconds=10)
_LEASE = timedelta(seconds=30)

_FORWARD = {
    DeliveryStatus.FAILED: ({OutboxState.SENT, OutboxState.UNKNOWN}, OutboxState.FAILED),
    DeliveryStatus.DELIVERED: ({OutboxState.SENT, OutboxState.UNKNOWN}, OutboxState.DELIVERED),
    DeliveryStatus.READ: (
        {OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.DELIVERED},
        OutboxState.READ,
    ),
}


@dataclass(frozen=True, kw_only=True)
class _Claim:
    outbox_id: int
    attempt: int
    policy: Policy
    created_at: datetime
    message: OutboundMessage


class Relay:
    """Moves rows from the outbox to the channels."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        signals: Signals,
        clock: Clock,
        concurrency: int = 16,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self._database = database
        self._channels = channels
        self._signals = signals
        self._clock = clock
        self._concurrency = concurrency
        self._poll = poll.total_seconds()

    async def run(self) -> None:
        """Send for ever; wakes by signal, and by itself every second."""
        with self._signals.listen(OUTBOX) as wake:
            while True:
                if not await self.step():
                    await wake.get(self._poll)

    async def step(self) -> int:
        """Send what is due now, one message a conversation; return how many rows were touched."""
        async with self._database.read() as session:
            rows = await repository.due(session, now=self._clock(), limit=self._concurrency)
        if rows:
            async with asyncio.TaskGroup() as group:
                for row in rows:
                    group.create_task(self._deliver(row.id, row.conversation_id))
        return len(rows)

    async def _deliver(self, outbox_id: int, conversation_id: str) -> None:
        claim = await self._fence(outbox_id, conversation_id)
        if claim is None:
            return
        started = self._clock()
        error: Exception | None = None
        sent = Sent()
        try:
            async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
                sent = await self._channels[claim.message.channel].send(claim.message)
        except (
            Exception
        ) as failure:  # whatever an adapter raises, the row must not stay in 'sending'
            error = failure
        await self._settle(claim, sent, error, started)

    async def _fence(self, outbox_id: int, conversation_id: str) -> _Claim | None:
        """Claim a row under its conversation's lock; a take-over waits for this lock or is seen here."""
        now = self._clock()
        async with self._database.write() as session:
            conversation = await locked_conversation(session, conversation_id)
            row = await repository.locked(session, outbox_id)
            if conversation is None or row is None or not _is_due(row, now):
                return None
            if row.state is OutboxState.SENDING and row.policy is Policy.AT_MOST_ONCE:
                row.state, row.lease_until = OutboxState.UNKNOWN, None
                return None
            if row.epoch is not None and row.epoch != conversation.epoch:
                row.state = OutboxState.FENCED
                self._log(session, conversation, "message.fenced", row, now)
                return None
            message = await repository.message(session, row.message_id)
            if message.seq is None:
                conversation.last_seq += 1
                message.seq = conversation.last_seq
            row.state = OutboxState.SENDING
            row.attempts += 1
            row.lease_until = now + _LEASE
            return _Claim(
                outbox_id=row.id,
                attempt=row.attempts,
                policy=row.policy,
                created_at=row.created_at,
                message=OutboundMessage(
                    id=f"fd-{row.id}",
                    conversation_id=conversation_id,
                    channel=row.channel,
                    account=row.account,
                    thread=row.thread,
                    text=message.text,
                    choices=tuple(
                        Choice(id=c["id"], title=c["title"], url=c.get("url"))
                        for c in message.choices
                    ),
                    author=message.author,
                    author_name=message.author_name,
                ),
            )

    async def _settle(
        self, claim: _Claim, sent: Sent, error: Exception | None, started: datetime
    ) -> None:
        now = self._clock()
        state, not_before = _outcome(claim, error, now)
        text = f"{type(error).__name__}: {error}"[:500] if error else None
        values = {"external_id": sent.external_id, "last_error": text}
        if state is OutboxState.SENT:
            values["sent_at"] = now  # type: ignore[assignment]
        if not_before is not None:
            values["not_before"] = not_before  # type: ignore[assignment]
        async with self._database.write() as session:
            conversation = await locked_conversation(session, claim.message.conversation_id)
            if not await repository.settle(
                session, claim.outbox_id, claim.attempt, state, **values
            ):
                log.warning("outbox_claim_lost", outbox_id=claim.outbox_id)
                return
            repository.add_delivery(
                session,
                outbox_id=claim.outbox_id,
                attempt=claim.attempt,
                outcome=state,
                error=text,
                started_at=started,
                ended_at=now,
            )
            row = await repository.locked(session, claim.outbox_id)
            if conversation is not None and row is not None:
                self._log(session, conversation, f"message.{_EVENTS[state]}", row, now)
        log.info(
            "message_send",
            outbox_id=claim.outbox_id,
            state=state,
            attempt=claim.attempt,
            error=text,
        )

    async def report(self, update: StatusUpdate) -> bool:
        """Take note of what a platform says about a message; states only move forward."""
        allowed, state = _FORWARD[update.status]
        async with self._database.write() as session:
            row = await repository.by_external_id(
                session,
                channel=update.channel,
                account=update.account,
                external_id=update.external_id,
            )
            if row is None or row.state not in allowed:
                return False
            row.state = state
            row.last_error = update.reason or row.last_error
            conversation = await locked_conversation(session, row.conversation_id)
            if conversation is not None:
                self._log(session, conversation, f"message.{state}", row, self._clock())
        return True

    @staticmethod
    def _log(
        session: AsyncSession,
        conversation: ConversationRow,
        name: str,
        row: OutboxRow,
        now: datetime,
    ) -> None:
        events.append(
            session,
            Event(
                name=name,
                occurred_at=now,
                contact_id=conversation.contact_id,
                conversation_id=conversation.id,
                data={"message_id": row.message_id, "outbox_id": row.id, "attempt": row.attempts},
            ),
        )


_EVENTS = {
    OutboxState.SENT: "sent",
    OutboxState.QUEUED: "delayed",
    OutboxState.FAILED: "failed",
    OutboxState.DEAD: "dead_lettered",
    OutboxState.UNKNOWN: "unconfirmed",
}


def _is_due(row: OutboxRow, now: datetime) -> bool:
    if row.state is OutboxState.SENDING:
        return row.lease_until is not None and row.lease_until < now
    return row.state is OutboxState.QUEUED and row.not_before <= now


def _outcome(
    claim: _Claim, error: Exception | None, now: datetime
) -> tuple[OutboxState, datetime | None]:
    """Return the state after an attempt, and when to try again if it is queued."""
    if error is None:
        return OutboxState.SENT, None
    if isinstance(error, RejectedError):
        return OutboxState.FAILED, None
    known = isinstance(error, RetryableError)
    if not known and claim.policy is Policy.AT_MOST_ONCE:
        return OutboxState.UNKNOWN, None
    again = next_attempt(
        claim.attempt,
        created_at=claim.created_at,
        now=now,
        retry_in=error.retry_in if isinstance(error, RetryableError) else None,
    )
    return (OutboxState.QUEUED, again) if again else (OutboxState.DEAD, None)
