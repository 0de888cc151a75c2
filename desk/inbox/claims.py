"""Claiming the head of every conversation's line, and giving claims back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.conversations.incoming import Incoming, Received
from desk.events import Event
from desk.inbox import codec, repository
from desk.inbox.codec import Claimed
from desk.message import InboundMessage
from desk.outbox.retry import backoff
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
MOST_FAILURES = 5
LONGEST_WAIT = timedelta(seconds=15)


class _NotTogetherError(Exception):
    """A link locks contacts before its conversation, so it must not share a transaction with other conversations."""


class Claims:
    """A worker's claims. One that could neither be finished nor postponed is remembered and given back."""

    def __init__(self, database: Database, incoming: Incoming) -> None:
        self._database = database
        self._incoming = incoming
        self._lost: set[tuple[int, int]] = set()

    def lose(self, inbox_id: int, attempt: int) -> None:
        """Remember a claim whose end could not be stored."""
        self._lost.add((inbox_id, attempt))

    async def give_back(self, now: datetime) -> None:
        """Let the remembered ones be claimed again, by whoever works on."""
        lost = set(self._lost)
        if not lost:
            return
        async with self._database.write() as session:
            for inbox_id, attempt in lost:
                later = now + backoff(min(attempt, 10), ceiling=LONGEST_WAIT)
                await repository.finish(
                    session, inbox_id, attempt, InboxState.NEW, not_before=later
                )
        self._lost -= lost

    async def take(self, limit: int, *, now: datetime, sure: bool) -> list[tuple[Received, int]]:
        """Claim up to ``limit`` messages, each received into its conversation, with the attempt's number.

        Without being ``sure`` that there is one, look first: a look does not get in the writers' way.
        """
        if not sure and not self._lost and not await self._any_due(now):
            return []
        await self.give_back(now)
        try:
            return await self._at_once(limit, now)
        except _NotTogetherError:
            return await self._singly(limit, now)
        except (SQLAlchemyError, OSError):
            raise
        except Exception:  # one message that cannot be understood must not keep all others waiting
            log.exception("claim_failed")
            return await self._singly(limit, now)

    async def _at_once(self, limit: int, now: datetime) -> list[tuple[Received, int]]:
        turns: list[tuple[Received, int]] = []
        while True:
            async with self._database.write() as session:
                most = limit - len(turns)
                rows = await repository.claim(session, now=now, limit=most, lease=LEASE)
                if len(rows) > 1 and any(row.payload.get("link") for row in rows):
                    raise _NotTogetherError
                found = [(await self._receive(session, row, now), row.attempts) for row in rows]
            turns += [(one, attempt) for one, attempt in found if one is not None]
            if all(one is not None for one, _ in found):  # behind an edit the next may be due
                return turns

    async def _singly(self, limit: int, now: datetime) -> list[tuple[Received, int]]:
        claimed = []
        for _ in range(limit):
            rows: Sequence[Claimed] = []
            try:
                async with self._database.write() as session:
                    rows = await repository.claim(session, now=now, limit=1, lease=LEASE)
                    for row in rows:
                        received = await self._receive(session, row, now)
                        if received is not None:
                            claimed.append((received, row.attempts))
            except (SQLAlchemyError, OSError):
                raise
            except Exception as error:
                await self._set_aside(rows, error, now)
            if not rows:
                break
        return claimed

    async def _set_aside(self, rows: Sequence[Claimed], error: Exception, now: datetime) -> None:
        """Put back a message that cannot even be received; after the last try it is a dead letter."""
        async with self._database.write() as session:
            for row in rows:
                entry = await session.get(InboxRow, row.id)
                if entry is None:
                    continue
                entry.failures += 1
                entry.attempts += 1
                entry.last_error = f"{type(error).__name__}: {error}"[:500]
                entry.not_before = now + backoff(entry.failures, ceiling=LONGEST_WAIT)
                if entry.failures >= MOST_FAILURES:
                    entry.state, entry.done_at = InboxState.DEAD, now
                    data = {"inbox_id": row.id, "error": type(error).__name__}
                    events.append(
                        session,
                        Event(name="message.dead_lettered", occurred_at=now, data=data),
                    )

    async def _any_due(self, now: datetime) -> bool:
        async with self._database.read() as session:
            return await repository.any_due(session, now=now)

    async def _receive(
        self, session: AsyncSession, row: Claimed, now: datetime
    ) -> Received | None:
        """Take a message into its conversation; None for an edit or a rating, no turns, which are done with that."""
        message = codec.from_row(row)
        if isinstance(message, InboundMessage):
            received = await self._incoming.receive(
                session, message, inbox_id=row.id, now=now, again=row.attempts > 1
            )
            if received is not None:
                return received
        else:
            await self._incoming.edit(session, message, now=now)
        await repository.finish(session, row.id, row.attempts, InboxState.DONE, done_at=now)
        return None
