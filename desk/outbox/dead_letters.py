"""What an operator does with messages to be sent: look at them, and give dead ones another chance."""

from collections.abc import Sequence

from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.outbox import repository
from desk.store.database import Database
from desk.tables.outbox import OutboxRow, OutboxState

_BATCH = 200
"""Rows in one transaction: others write in between."""


class OutboxDeadLetters:
    """Lists the outbox and replays from it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, *, state: OutboxState | None, limit: int) -> Sequence[OutboxRow]:
        """Return messages to be sent, newest first."""
        async with self._database.read() as session:
            return await repository.listing(session, state=state, limit=limit)

    async def replay(self, outbox_id: int) -> None:
        """Send a dead, refused or unknown message again; the last may reach the customer a second time.

        Raises:
            NotFoundError: there is no such message.
            ConflictError: it is in none of these states.
        """
        async with self._database.write() as session:
            if await repository.replay(session, outbox_id, self._clock()):
                return
            row = await session.get(OutboxRow, outbox_id)
        if row is None:
            raise NotFoundError(f"there is no message {outbox_id} in the outbox")
        raise ConflictError(
            f"message {outbox_id} is {row.state}; only dead, failed and unknown ones are replayed"
        )

    async def replay_all(self) -> int:
        """Send every dead message again; return how many. Refused and unknown ones need a decision each."""
        total = 0
        while True:
            async with self._database.write() as session:
                dead = await repository.listing(session, state=OutboxState.DEAD, limit=_BATCH)
                for row in dead:
                    total += await repository.replay(session, row.id, self._clock())
            if len(dead) < _BATCH:
                return total
