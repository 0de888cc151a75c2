"""What relays have in common: they start what is due, let it run side by side, and record each end patiently."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from desk.clock import Clock
from desk.message import Sent
from desk.signals import Listener, Signals

type Work = Coroutine[Any, Any, None]
type Tasks = list[asyncio.Task[None]]

_GRACE = 3.0
"""Seconds that work in hand is given when we stop."""
UNSETTLED = 60.0
"""Seconds for which we try to record an end; then the work is repeated when its lease is over."""
_HOLD = timedelta(seconds=1)


@dataclass
class Traffic:
    """What is under way: one task for each key, and the keys that the database refused a moment ago."""

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)

    def release(self, now: datetime) -> None:
        """Let go of keys that were held for long enough."""
        self.held = {key: until for key, until in self.held.items() if until > now}

    def is_free(self, key: str) -> bool:
        """Say whether something may be started for a key."""
        return key not in self.tasks and key not in self.held

    def hold(self, key: str, now: datetime) -> None:
        """Leave a key alone for a moment."""
        self.held[key] = now + _HOLD


async def outcome(
    send: Callable[[], Awaitable[Sent]], patience: timedelta
) -> tuple[Sent, Exception | None]:
    """Send, and return how it ended: whatever an adapter raises, the row must not stay in ``sending``."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await send(), None
    except Exception as error:
        return Sent(), error


class Sending(ABC):
    """A loop over what is due; who derives from it says what that is."""

    def __init__(self, *, topic: str, signals: Signals, clock: Clock, poll: timedelta) -> None:
        self._topic = topic
        self._signals = signals
        self._clock = clock
        self._poll = poll
        self._wake = Listener()

    async def run(self) -> None:
        """Work for ever; wakes by signal, at each end, when something is due, and every second."""
        with self._signals.listen(self._topic) as self._wake:
            try:
                while True:
                    _, next_due = await self._start()
                    await self._sweep()
                    await self._wake.get(self._pause(next_due))
            except asyncio.CancelledError:
                await self._stop()
                raise

    async def step(self) -> int:
        """Do what is due now, one of each line, to the end; return how many rows were touched."""
        started, _ = await self._start()
        if started:
            await asyncio.wait(started)
        for task in started:
            task.result()
        return len(started)

    @abstractmethod
    async def _start(self) -> tuple[Tasks, datetime | None]:
        """Start what is due; return the tasks, and when the next is due."""

    @abstractmethod
    def _traffic(self) -> Iterable[Traffic]:
        """Return all that is under way."""

    async def _sweep(self) -> None:  # noqa: B027 - not every relay has something to sweep
        """Do what is to be done now and then beside it."""

    def _launch(self, traffic: Traffic, key: str, work: Work) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        traffic.tasks[key] = task

        def end(_: asyncio.Task[None]) -> None:
            del traffic.tasks[key]
            self._wake.put("")

        task.add_done_callback(end)
        return task

    async def _recorded(self, record: Callable[[], Awaitable[None]]) -> None:
        """Record an end, patiently: what was done and is not recorded is done again."""
        deadline = asyncio.get_running_loop().time() + UNSETTLED
        wait = 0.05
        while True:
            try:
                return await record()
            except (SQLAlchemyError, OSError, TimeoutError):
                if asyncio.get_running_loop().time() + wait > deadline:
                    raise
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2.0)

    def _pause(self, next_due: datetime | None) -> float:
        wait = self._poll if next_due is None else min(next_due - self._clock(), self._poll)
        return max(0.0, wait.total_seconds())

    async def _stop(self) -> None:
        """Let what is in hand come to its end; what takes too long is cut off."""
        tasks = [task for one in self._traffic() for task in one.tasks.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)
