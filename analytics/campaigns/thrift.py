"""Answers that are kept for a multiple of the time they took, so that asking costs a small share of a core at most."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

_MOST = 500


class Thrift[Key: Hashable, Answer]:
    """Asks for one answer at a time; what took a millisecond is asked again at once, what took a second not yet.

    ``times`` is how many times as long as it took an answer is kept; below ``quick`` seconds it is not kept at all.
    With ``least`` every answer is kept for so many seconds.
    """

    def __init__(
        self,
        *,
        times: float = 20.0,
        quick: float = 0.1,
        least: float = 0.0,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._times = times
        self._quick = quick
        self._least = least
        self._timer = timer
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()

    async def get(self, key: Key, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer for a key: the kept one, or a new one."""
        async with self._turn:
            until, answer = self._kept.get(key, (float("-inf"), None))
            if answer is not None and self._timer() < until:
                return answer
            begun = self._timer()
            found = await ask()
            took = self._timer() - begun
            long = took * (1 + self._times) if took >= self._quick else 0.0
            if length := max(long, self._least):
                self._keep(key, begun + length, found)
            return found

    def _keep(self, key: Key, until: float, found: Answer) -> None:
        self._kept[key] = (until, found)
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
