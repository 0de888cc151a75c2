"""Slows down whoever guesses the token."""

import math
import time

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

_RATE = "10/5minute"
_NAME = "console-sign-in"


class Throttle:
    """Counts attempts of an address in this process; a right one forgets the wrong ones before it."""

    def __init__(self, rate: str = _RATE) -> None:
        self._item = parse(rate)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def attempt(self, address: str) -> int:
        """Count an attempt; return 0 if it may be looked at, else how many seconds to wait."""
        # Counted before the comparison, so that attempts made at once are counted too.
        if await self._limiter.hit(self._item, _NAME, address):
            return 0
        window = await self._limiter.get_window_stats(self._item, _NAME, address)
        return max(1, math.ceil(window.reset_time - time.time()))

    async def forget(self, address: str) -> None:
        """Start counting again."""
        await self._limiter.clear(self._item, _NAME, address)
