"""What an operator does with updates that could not be read."""

from collections.abc import Sequence

from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.inbox import unread_repository
from desk.store.database import Database
from desk.tables.channel import UnreadRow, UnreadState

_BATCH = 200


class UnreadUpdates:
    """Lists them and gives dead ones another chance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, *, state: UnreadState | None, limit: int) -> Sequence[UnreadRow]:
        """Return updates, newest first."""
        async with self._database.read() as session:
            return await unread_repository.listing(session, state=state, limit=limit)

    async def replay(self, unread_id: int) -> None:
        """Let a dead update be read again.

        Raises:
            NotFoundError: there is no such update.
            ConflictError: it is not dead.
        """
        async with self._database.write() as session:
            if await unread_repository.replay(session, unread_id, self._clock()):
                return
            row = await session.get(UnreadRow, unread_id)
        if row is None:
            raise NotFoundError(f"there is no update {unread_id}")
        raise ConflictError(f"update {unread_id} is {row.state}; only dead ones are replayed")

    async def replay_all(self) -> int:
        """Let every dead update be read again; return how many."""
        total = 0
        while True:
            async with self._database.write() as session:
                dead = await unread_repository.listing(
                    session, state=UnreadState.DEAD, limit=_BATCH
                )
                for row in dead:
                    total += await unread_repository.replay(session, row.id, self._clock())
            if len(dead) < _BATCH:
                return total
