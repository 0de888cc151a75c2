"""A circuit breaker: when the assistant is away, do not make every conversation find out by itself."""

from datetime import datetime, timedelta

from desk.clock import Clock


class Breaker:
    """Opens after some failures in a row; after a pause lets one call try again."""

    def __init__(
        self, clock: Clock, *, failures: int = 5, pause: timedelta = timedelta(seconds=1)
    ) -> None:
        self._clock = clock
        self._limit = failures
        self._pause = pause
        self._failures = 0
        self._open_until: datetime | None = None

    def allows(self) -> bool:
        """Say whether a call may go out; the first one after the pause is the probe."""
        if self._open_until is None:
            return True
        if self._clock() < self._open_until:
            return False
        self._open_until = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        """Close the breaker."""
        self._failures = 0
        self._open_until = None

    def failed(self) -> None:
        """Count a failure; open at the limit."""
        self._failures += 1
        if self._failures >= self._limit:
            self._open_until = self._clock() + self._pause
