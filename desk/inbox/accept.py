"""Durable accept: many messages, one commit; nobody is told 'received' before it is on disk."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import OperationalError

from desk.clock import Clock
from desk.errors import RetryableError
from desk.inbox import codec, repository
from desk.message import InboundEdit, InboundMessage
from desk.signals import INBOX, Signals
from desk.store.database import Database

log = structlog.get_logger()

_Waiting = tuple[list[dict[str, object]], asyncio.Future[None]]


_AWAY = (OperationalError, OSError, TimeoutError)
"""Errors of the database, not of what is written."""
_QUIET_ROUNDS = 2
"""Rounds of the event loop without a new message after which a group is written."""


class NotAcceptedError(RetryableError):
    """The message could not be stored; send it again."""


class Acceptor:
    """Groups messages that arrive together into one transaction (8 to 25 times the rate of one each)."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        clock: Clock,
        queue_size: int = 2_000,
        batch: int = 500,
    ) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock
        self._batch = batch
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=queue_size)

    async def accept(self, messages: Sequence[InboundMessage | InboundEdit]) -> None:
        """Return once the messages are durable.

        Raises:
            NotAcceptedError: on any doubt; the platform shall send again.
        """
        now = self._clock()
        stored = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(([codec.to_row(message, now) for message in messages], stored))
        except asyncio.QueueFull as error:
            raise NotAcceptedError("too many messages at once; send it again") from error
        await stored

    async def run(self) -> None:
        """Write what is waiting, for ever."""
        group: list[_Waiting] = []
        try:
            while True:
                group = []
                await self._gather(group)
                await self._write(group)
        finally:
            while not self._queue.empty():
                group.append(self._queue.get_nowait())
            for _, stored in group:
                _fail(stored, NotAcceptedError("stopping; send it again"))

    async def _gather(self, group: list[_Waiting]) -> None:
        """Wait for a message, and for those that the event loop has in hand already.

        A round of the loop reads what has come on every connection. As long as rounds bring more, writing at once
        would make small groups, and beginning and ending a group costs as much as some thirty messages in it.
        """
        group.append(await self._queue.get())
        quiet = 0
        while quiet < _QUIET_ROUNDS and len(group) < self._batch:
            await asyncio.sleep(0)
            quiet += 1
            while len(group) < self._batch and not self._queue.empty():
                group.append(self._queue.get_nowait())
                quiet = 0

    async def _write(self, group: list[_Waiting]) -> None:
        rows = [row for rows, _ in group for row in rows]
        try:
            if rows:
                async with self._database.append() as connection:
                    await repository.add(connection, rows)
        except _AWAY as error:
            self._refuse(group, error)
            return
        except (
            Exception
        ) as error:  # something in one of them: that one is refused and not the others
            if len(group) == 1:
                self._refuse(group, error)
            for one in group if len(group) > 1 else ():
                await self._write([one])
            return
        for _, stored in group:
            if not stored.done():
                stored.set_result(None)
        await self._signals.publish(INBOX)

    def _refuse(self, group: list[_Waiting], error: Exception) -> None:
        log.error("inbox_write_failed", error=type(error).__name__, messages=len(group))
        for _, stored in group:
            _fail(stored, NotAcceptedError("the message could not be stored; send it again"))


def _fail(stored: asyncio.Future[None], error: Exception) -> None:
    if not stored.done():
        stored.set_exception(error)
        # Whoever waited may be gone already; then nobody needs to hear of it.
        stored.exception()
