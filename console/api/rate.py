"""How fast one token may ask, counted in this process, and what it is told about it."""

import math
import time

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

_NAME = "api"


class Rate:
    """A limit such as ``600/minute`` for each caller."""

    def __init__(self, rate: str) -> None:
        self._item = parse(rate)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def count(self, caller: str) -> tuple[bool, dict[str, str]]:
        """Count a request; return whether it may go on, and the headers that say what is left."""
        allowed = await self._limiter.hit(self._item, _NAME, caller)
        window = await self._limiter.get_window_stats(self._item, _NAME, caller)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        seconds = self._item.get_expiry()
        told = {
            "RateLimit-Policy": f'"{_NAME}";q={self._item.amount};w={seconds}',
            "RateLimit": f'"{_NAME}";r={max(0, window.remaining)};t={wait}',
        }
        return allowed, told if allowed else told | {"Retry-After": str(wait)}
