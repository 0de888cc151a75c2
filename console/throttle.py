"""Slows down whoever guesses, without keeping out whom the password belongs to."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.clock import Clock

_FORGOTTEN = timedelta(minutes=15)
_MOST = 50_000
"""Buckets that are kept at once; beyond, the oldest are forgotten."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """After so many ``free`` tries one waits: ``first``, then twice as long each time, at most ``longest``."""

    free: int
    first: timedelta
    longest: timedelta


TOKEN = Pace(free=10, first=timedelta(seconds=30), longest=timedelta(minutes=5))
ACCOUNT = Pace(free=5, first=timedelta(seconds=2), longest=timedelta(minutes=5))
"""Of one address for one account."""
ADDRESS = Pace(free=30, first=timedelta(seconds=2), longest=timedelta(minutes=1))
"""Of one address for whatever account: an office shares one."""
BROWSER = Pace(free=10, first=timedelta(seconds=2), longest=timedelta(minutes=1))
"""Of a browser from which this very user signed in before, instead of both."""
CODE = Pace(free=5, first=timedelta(seconds=5), longest=timedelta(minutes=5))
"""Codes of the second step for one account, from wherever: only who has the password comes so far."""

type Bucket = tuple[Pace, Hashable]


def pause(pace: Pace, tries: int) -> timedelta:
    """Return how long to wait after so many tries without success."""
    if tries < pace.free:
        return timedelta()
    # Beyond this many doublings every pace has come to its end.
    return min(pace.first * (1 << min(tries - pace.free, 30)), pace.longest)


class Throttle:
    """Counts tries in this process. A try that had to wait is not counted, so nobody can make the wait longer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[Bucket, tuple[int, datetime]] = OrderedDict()

    def attempt(self, *buckets: Bucket) -> int:
        """Count a try; return 0 if it may be looked at, else how many seconds to wait."""
        # Counted before the comparison, so that tries made at once are counted too.
        now = self._clock()
        wait = max(self._left(bucket, now) for bucket in buckets)
        if wait > timedelta():
            return math.ceil(wait.total_seconds())
        for bucket in buckets:
            self._set(bucket, self._count(bucket, now) + 1, now)
        return 0

    def forget(self, *buckets: Bucket) -> None:
        """Start counting again: that was the right one."""
        for bucket in buckets:
            self._tries.pop(bucket, None)

    def forgive(self, bucket: Bucket) -> None:
        """Take one try back: it was right, which says nothing about the others."""
        now = self._clock()
        count = self._count(bucket, now)
        if count:
            self._set(bucket, count - 1, now)

    def _left(self, bucket: Bucket, now: datetime) -> timedelta:
        count = self._count(bucket, now)
        if not count:
            return timedelta()
        # A clock that was set back makes nobody wait longer than the pace says.
        passed = max(now - self._tries[bucket][1], timedelta())
        return pause(bucket[0], count) - passed

    def _count(self, bucket: Bucket, now: datetime) -> int:
        count, at = self._tries.get(bucket, (0, now))
        return count if now - at < _FORGOTTEN else 0

    def _set(self, bucket: Bucket, count: int, now: datetime) -> None:
        self._tries[bucket] = (count, now)
        self._tries.move_to_end(bucket)
        if len(self._tries) > _MOST:
            self._tries.popitem(last=False)
