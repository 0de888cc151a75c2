"""Doing a thing once on a platform without idempotency keys: who is not sure whether it was done looks first."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from channels.slack.errors import UncertainError
from desk.clock import Clock
from desk.errors import RejectedError, RetryableError

_MOST = 10_000
_YOUNG = timedelta(minutes=1)
"""Twice the lease of a send: so long a killed process may have left one behind that we know nothing of."""
_LOOK_BACK = timedelta(hours=24)
"""So long a message is retried, so the killed process's attempt is not older."""
_SKEW = timedelta(minutes=1)

type Look = Callable[[datetime], Awaitable[str | None]]


class Once:
    """Remembers in memory what was asked for and what came of it.

    A thing is looked for before it is done (again) when an earlier attempt here had no clear end, or when this process
    is so young that an earlier one may have been killed in the middle of it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._born_at = clock()
        self._done: OrderedDict[str, str] = OrderedDict()
        self._doubtful: OrderedDict[str, datetime] = OrderedDict()

    async def do(self, key: str, act: Callable[[], Awaitable[str]], look: Look) -> str:
        """Return what ``act`` returned for this key, now or before, or what ``look`` finds of it since a time."""
        if key in self._done:
            return self._done[key]
        since = self._since(key)
        found = await look(since - _SKEW) if since else None
        if found is None:
            found = await self._try(key, act)
        self._doubtful.pop(key, None)
        _keep(self._done, key, found)
        return found

    async def _try(self, key: str, act: Callable[[], Awaitable[str]]) -> str:
        known = key in self._doubtful
        if not known:
            # Before it begins: whoever cancels us in the middle leaves it in doubt.
            _keep(self._doubtful, key, self._clock())
        try:
            return await act()
        except UncertainError:
            raise
        except (RetryableError, RejectedError):
            if not known:  # it was certainly not done; an older attempt may still have been
                self._doubtful.pop(key, None)
            raise

    def _since(self, key: str) -> datetime | None:
        if key in self._doubtful:
            return self._doubtful[key]
        young = self._clock() - self._born_at < _YOUNG
        return self._born_at - _LOOK_BACK if young else None


def _keep[V](memory: OrderedDict[str, V], key: str, value: V) -> None:
    memory[key] = value
    if len(memory) > _MOST:
        memory.popitem(last=False)
