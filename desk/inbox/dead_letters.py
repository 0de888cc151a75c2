"""What an operator does with received messages: look at them, and give dead ones another chance."""

from collections.abc import Sequence

from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.inbox import repository
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState

_BATCH = 200
"""Rows in one transaction: others write in between."""


class InboxDeadLetters:
    """Lists the inbox and replays from it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, *, state: InboxState | None, limit: int) -> Sequence[InboxRow]:
        """Return received messages, newest first."""
        async with self._database.read() as session:
            return await repository.listing(session, state=state, limit=limit)

    async def replay(self, inbox_id: int) -> None:
        """Let a dead message be worked on again.

        Raises:
            NotFoundError: there is no such message.
            ConflictError: it is not dead.
        """
        async with self._database.write() as session:
            if await repository.replay(session, inbox_id, self._clock()):
                return
            row = await session.get(InboxRow, inbox_id)
        if row is None:
            raise NotFoundError(f"there is no message {inbox_id} in the inbox")
        raise ConflictError(f"message {inbox_id} is {row.state}; only dead ones are replayed")

    async def replay_all(self) -> int:
        """Let every dead message be worked on again; return how many."""
        total = 0
        while True:
            async with self._database.write() as session:
                dead = await repository.listing(session, state=InboxState.DEAD, limit=_BATCH)
                for row in dead:
                    total += await repository.replay(session, row.id, self._clock())
            if len(dead) < _BATCH:
                return total
