"""How fast one visitor and one address may write."""

import math
import time

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter


class RateLimit:
    """A limit such as ``120/minute`` for each key, counted in this process."""

    def __init__(self, rate: str, name: str) -> None:
        self._item = parse(rate)
        self._name = name
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def wait_for(self, key: str) -> int:
        """Count a request; return 0 if it may go on, else after how many seconds to come again."""
        if await self._limiter.hit(self._item, self._name, key):
            return 0
        window = await self._limiter.get_window_stats(self._item, self._name, key)
        return max(1, math.ceil(window.reset_time - time.time()))
