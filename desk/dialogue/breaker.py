"""A circuit breaker: when the assistant is away, do not make every conversation find out by itself."""

from datetime import datetime, timedelta

from desk.clock import Clock


class Breaker:
    """Opens after some failures in a row; after a pause lets one call at a time look again.

    It also tells an outage from a poisoned message: a failure that several conversations share is nobody's own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        failures: int = 5,
        pause: timedelta = timedelta(seconds=1),
        probe: timedelta = timedelta(seconds=20),
        widespread: int = 3,
    ) -> None:
        self._clock = clock
        self._limit = failures
        self._pause = pause
        self._probe = probe
        self._widespread = widespread
        self._failures = 0
        self._failed_at: set[str] = set()
        self._open_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last failures closed the way, a probe excepted."""
        return self._open_until is not None

    @property
    def is_widespread(self) -> bool:
        """Whether several conversations failed since the last answer to anybody."""
        return len(self._failed_at) >= self._widespread

    def allows(self) -> bool:
        """Say whether a call may go out; the first one after the pause is the probe, and alone until it ends."""
        if self._open_until is None:
            return True
        if self._clock() < self._open_until:
            return False
        self._open_until = self._clock() + self._probe
        return True

    def succeeded(self) -> None:
        """Close the breaker."""
        self._failures = 0
        self._failed_at.clear()
        self._open_until = None

    def half_open(self) -> None:
        """Let calls through again; the first failure opens it at once."""
        self._failures = self._limit - 1
        self._open_until = None

    def failed(self, conversation_id: str | None = None) -> None:
        """Count a failure, of nobody's message if a mere look failed; open at the limit."""
        self._failures += 1
        if conversation_id is not None and len(self._failed_at) < self._widespread:
            self._failed_at.add(conversation_id)
        if self._failures >= self._limit:
            self._open_until = self._clock() + self._pause
