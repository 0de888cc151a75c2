"""How fast one visitor and one address may write."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from limits import parse

_MANY = 10_000
"""Keys from which on those whose window is over are looked for and forgotten."""


@dataclass
class _Window:
    ends_at: float
    count: int = 0


class RateLimit:
    """A limit such as ``120/minute`` for each key, counted in this process in fixed windows."""

    def __init__(self, rate: str, *, now: Callable[[], float] = time.monotonic) -> None:
        item = parse(rate)
        self._most = item.amount
        self._seconds = item.get_expiry()
        self._now = now
        self._windows: dict[str, _Window] = {}
        self._swept_at = now()

    def wait_for(self, key: str) -> int:
        """Count a request; return 0 if it may go on, else after how many seconds to come again."""
        now = self._now()
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            self._sweep(now)
            window = self._windows[key] = _Window(now + self._seconds)
        window.count += 1
        if window.count <= self._most:
            return 0
        return max(1, math.ceil(window.ends_at - now))

    def _sweep(self, now: float) -> None:
        # At most once in a window, so that a flood of new keys does not pay for it each time.
        if len(self._windows) < _MANY or now < self._swept_at + self._seconds:
            return
        self._swept_at = now
        self._windows = {k: one for k, one in self._windows.items() if one.ends_at > now}
