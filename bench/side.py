"""What is measured: a side lets customers talk to it, and says what its processes cost."""

from collections.abc import Mapping
from typing import Protocol

from bench.processes import Cost


class Talk(Protocol):
    """One customer in front of a side."""

    async def say(self, text: str, expected: int | None) -> int:
        """Send a message and return the number of replies once all of them are here.

        ``expected`` is their number, known from the first time; None the first time.
        """

    async def close(self) -> None:
        """Hang up."""


class Side(Protocol):
    """A system under measurement, running."""

    name: str
    started_seconds: float
    trained_seconds: float
    trained_with: str

    async def talks(self, count: int) -> list[Talk]:
        """Return so many new customers, connected."""

    def costs(self) -> Mapping[str, Cost]:
        """Return what each of its processes has cost so far."""

    def stop(self) -> None:
        """End all of its processes."""
