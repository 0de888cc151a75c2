"""What could not be processed or sent after the last try, and another chance for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk.clock import Clock
from desk.errors import ConflictError
from desk.inbox import repository as inbox
from desk.outbox import repository as outbox
from desk.signals import Signals
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.outbox import OutboxRow, OutboxState

_LISTED = 50


class Queue(StrEnum):
    """Where a dead letter lies; the value is also the topic that wakes its worker."""

    INBOX = "inbox"
    OUTBOX = "outbox"


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One message that is stuck; ``state`` says why."""

    id: int
    queue: Queue
    state: str
    channel: str
    thread: str
    conversation_id: str | None
    attempts: int
    error: str | None
    at: datetime


_UNSENT = (OutboxState.DEAD, OutboxState.FAILED, OutboxState.UNKNOWN)
_REPLAY = {Queue.INBOX: inbox.replay, Queue.OUTBOX: outbox.replay}


class DeadLetters:
    """Lists and replays dead letters."""

    def __init__(self, *, database: Database, signals: Signals, clock: Clock) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock

    async def list(self, *, limit: int = _LISTED) -> tuple[DeadLetter, ...]:
        """Return at most ``limit`` of each state, the inbox's first, each newest first."""
        async with self._database.read() as session:
            received = await inbox.listing(session, state=InboxState.DEAD, limit=limit)
            unsent = [
                row
                for state in _UNSENT
                for row in await outbox.listing(session, state=state, limit=limit)
            ]
        return (*map(_received, received), *map(_unsent, unsent))

    async def replay(self, queue: Queue, letter_id: int) -> None:
        """Put a dead letter back into its queue.

        Raises:
            ConflictError: it is not dead, or no longer.
        """
        async with self._database.write() as session:
            if not await _REPLAY[queue](session, letter_id, self._clock()):
                raise ConflictError(f"{queue} {letter_id} is not dead (any more)")
        await self._signals.publish(queue)


def _received(row: InboxRow) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        queue=Queue.INBOX,
        state=row.state,
        channel=row.channel,
        thread=row.thread,
        conversation_id=None,
        attempts=row.attempts,
        error=row.last_error,
        at=row.received_at,
    )


def _unsent(row: OutboxRow) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        queue=Queue.OUTBOX,
        state=row.state,
        channel=row.channel,
        thread=row.thread,
        conversation_id=row.conversation_id,
        attempts=row.attempts,
        error=row.last_error,
        at=row.created_at,
    )
