"""The two transactions around a send: it is claimed under its conversation's lock, and its end is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.channel import Channel, Feature, UnreachableError
from desk.clock import Clock
from desk.conversations.mirror import Mirror, NoMirror
from desk.conversations.repository import locked as locked_conversation
from desk.events import Event
from desk.media.rows import attachments_for_sending
from desk.message import Choice, OutboundMessage, Sent, StatusUpdate
from desk.outbox import costs, reach, repository
from desk.outbox.limits import Limits
from desk.outbox.progress import after_attempt, is_due, reported
from desk.outbox.repository import Head, Lane
from desk.outbox.retry import pause_of
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.outbox import OutboxRow, OutboxState, Policy

log = structlog.get_logger()

_LEASE = timedelta(seconds=30)

_EVENTS = {
    OutboxState.SENT: "sent",
    OutboxState.QUEUED: "delayed",
    OutboxState.FAILED: "failed",
    OutboxState.DEAD: "dead_lettered",
    OutboxState.UNKNOWN: "unconfirmed",
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to send a message, once, until the lease ends."""

    outbox_id: int
    attempt: int
    policy: Policy
    created_at: datetime
    claimed_at: datetime
    message: OutboundMessage


class Ledger:
    """Claims and settles sends. Locks are taken in the order conversation, outbox, tempo."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        limits: Limits,
        clock: Clock,
        mirror: Mirror | None = None,
    ) -> None:
        self._mirror: Mirror = mirror or NoMirror()
        self._database = database
        self._channels = channels
        self._limits = limits
        self._clock = clock

    async def claim(self, head: Head) -> Claim | None:
        """Claim a row under its conversation's lock; a take-over waits for this lock or is seen here.

        None when there is nothing to send, or not now: then the row says when.
        """
        now = self._clock()
        async with self._database.write() as session:
            conversation = await locked_conversation(session, head.conversation_id)
            row = await repository.locked(session, head.outbox_id)
            if conversation is None or row is None or not _is_due(row, now):
                return None
            if row.state is OutboxState.SENDING and row.policy is Policy.AT_MOST_ONCE:
                row.state, row.lease_until = OutboxState.UNKNOWN, None
                _log(session, conversation, "message.unconfirmed", row, now)
                return None
            if row.epoch is not None and row.epoch != conversation.epoch:
                row.state = OutboxState.FENCED
                _log(session, conversation, "message.fenced", row, now)
                return None
            reason = await reach.stopped(session, conversation, now)
            if reason is not None:
                row.state, row.last_error = OutboxState.FAILED, f"not sent: {reason}"[:500]
                _log(session, conversation, "message.failed", row, now)
                await self._mirror.delivered(session, conversation, row, now)
                return None
            lane = Lane(row.channel, row.account)
            later = await self._limits.begin(session, lane, row.thread, now)
            if later is not None:
                row.not_before = later
                return None
            message = await repository.message(session, row.message_id)
            if message.seq is None:
                conversation.last_seq += 1
                message.seq = conversation.last_seq
            row.state = OutboxState.SENDING
            row.attempts += 1
            row.lease_until = now + _LEASE
            channel = self._channels.get(row.channel)
            features = channel.features if channel else frozenset()
            claim = _claim(row, message, conversation, features, now)
            if Feature.ATTACHMENTS not in features:
                return claim  # its text has the links already
            files = await attachments_for_sending(session, message.id)
            return replace(claim, message=replace(claim.message, attachments=files))

    async def settle(
        self, claim: Claim, sent: Sent, error: Exception | None, started: datetime
    ) -> None:
        """Record how a send ended; without effect when the claim was lost to somebody else."""
        now = self._clock()
        state, again = after_attempt(
            claim.attempt,
            error,
            policy=claim.policy,
            created_at=claim.created_at,
            now=now,
        )
        # An end that cannot be stored would be a send that is repeated.
        text = storable(f"{type(error).__name__}: {error}", 500) if error else None
        known_as = None if sent.external_id is None else storable(str(sent.external_id), 256)
        values: dict[str, Any] = {"external_id": known_as, "last_error": text}
        lane = Lane(claim.message.channel, claim.message.account)
        if state is OutboxState.SENT:
            values["sent_at"] = now
        if again is not None:
            values["not_before"] = again
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
                _log(session, conversation, f"message.{_EVENTS[state]}", row, now)
                await self._mirror.delivered(session, conversation, row, now)
                if isinstance(error, UnreachableError):
                    await reach.stop(session, conversation, storable(str(error), 500), now)
            if sent.cost_micros:
                await costs.add(session, lane, sent.cost_micros, now)
            await self._limits.end(
                session,
                lane,
                claim.message.thread,
                began_at=claim.claimed_at,
                now=now,
                asked=pause_of(error),
            )
        log.info(
            "message_send",
            outbox_id=claim.outbox_id,
            state=state,
            attempt=claim.attempt,
            error=text,
        )

    async def under_way(self, update: StatusUpdate) -> frozenset[int]:
        """Return the sends whose ends are not recorded, one of which a report may be about."""
        async with self._database.read() as session:
            return await repository.sending(session, Lane(update.channel, update.account))

    async def report(self, update: StatusUpdate) -> bool | None:
        """Take note of what a platform says about a message; None when no message is known by that id.

        States only move forward; False when that would be a step back.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.by_external_id(
                session,
                channel=update.channel,
                account=update.account,
                external_id=update.external_id,
            )
            if row is None:
                return None
            conversation = await locked_conversation(session, row.conversation_id)
            await session.refresh(row, with_for_update=True)
            state = reported(row.state, update.status)
            if conversation is None or state is None:
                return False
            row.state = state
            row.last_error = storable(update.reason or "", 500) or row.last_error
            _log(session, conversation, f"message.{state}", row, now)
            await self._mirror.delivered(session, conversation, row, now)
            if update.unreachable and state is OutboxState.FAILED:
                await reach.stop(session, conversation, row.last_error or "gone", now)
        return True


def _is_due(row: OutboxRow, now: datetime) -> bool:
    return is_due(row.state, not_before=row.not_before, lease_until=row.lease_until, now=now)


def _claim(
    row: OutboxRow,
    message: MessageRow,
    conversation: ConversationRow,
    features: frozenset[Feature],
    now: datetime,
) -> Claim:
    return Claim(
        outbox_id=row.id,
        attempt=row.attempts,
        policy=row.policy,
        created_at=row.created_at,
        claimed_at=now,
        message=OutboundMessage(
            id=f"fd-{row.id}",
            conversation_id=row.conversation_id,
            channel=row.channel,
            account=row.account,
            thread=row.thread,
            text=message.text,
            attempt=row.attempts,
            recipient=conversation.handle or row.thread,
            # What a channel cannot show as a button is in the text already.
            choices=tuple(
                Choice(id=c["id"], title=c["title"], url=c.get("url"))
                for c in message.choices
                if (Feature.LINKS if c.get("url") else Feature.BUTTONS) in features
            ),
            language=conversation.language,
            author=message.author,
            author_name=message.author_name,
            context=conversation.context or {},
        ),
    )


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
