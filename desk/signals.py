"""Wake-up calls between the parts. A signal is a hint: whoever waits also looks by itself now and then."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Protocol

INBOX = "inbox"
OUTBOX = "outbox"
DESK = "desk"
DESK_ACTIONS = "desk_actions"


def conversation_topic(thread: str) -> str:
    """Return the topic on which readers of a thread wait."""
    return f"thread:{thread}"


class Listener:
    """Somebody who waits for a topic; what came since the last look is not lost."""

    def __init__(self) -> None:
        self._notes: asyncio.Queue[str] = asyncio.Queue(maxsize=64)

    def put(self, note: str) -> None:
        """Leave a note; a full box means that the listener will look anyway."""
        with suppress(asyncio.QueueFull):
            self._notes.put_nowait(note)

    async def get(self, timeout: float) -> list[str]:  # noqa: ASYNC109 - a wait that ends is the point
        """Return the notes that came, in order, waiting at most ``timeout`` seconds for the first."""
        notes: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                notes.append(await self._notes.get())
        while not self._notes.empty():
            notes.append(self._notes.get_nowait())
        return notes


class Signals(Protocol):
    """Publish and listen by topic."""

    async def publish(self, topic: str, note: str = "") -> None:
        """Wake everybody who listens to the topic."""

    def listen(self, topic: str) -> AbstractContextManager["Listener"]:
        """Listen to the topic inside a ``with`` block."""


class LocalSignals:
    """Signals inside one process."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    async def publish(self, topic: str, note: str = "") -> None:
        """Wake everybody in this process who listens to the topic."""
        self.wake(topic, note)

    def wake(self, topic: str, note: str = "") -> None:
        """Do the same without awaiting."""
        for listener in self._listeners.get(topic, ()):
            listener.put(note)

    @contextmanager
    def listen(self, topic: str) -> Iterator[Listener]:
        """Listen to the topic inside the block."""
        listener = Listener()
        self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]
