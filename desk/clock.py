"""The time as a collaborator, so that tests can stop it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current time, aware and in UTC."""


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


class StoppedClock:
    """A clock that moves only when told; the twin of :func:`now`."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self.at += by
