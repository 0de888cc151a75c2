"""When to try again: pure decisions."""

from datetime import datetime, timedelta

from desk.errors import RetryableError

MOST_ATTEMPTS = 12
LONGEST = timedelta(hours=24)
_FIRST = timedelta(seconds=1)
_CEILING = timedelta(minutes=30)
_AWAY_CEILING = timedelta(minutes=5)
"""A platform that is back after an outage should not be waited for much longer than the outage was."""
_AWAY = (RetryableError, OSError, TimeoutError)
"""The platform's trouble, not the message's: it ends, and then everything that waits goes out."""


def backoff(
    attempts: int, *, first: timedelta = _FIRST, ceiling: timedelta = _CEILING
) -> timedelta:
    """Return the wait after ``attempts`` failed tries (1 or more): doubling, up to the ceiling."""
    return min(first * (1 << min(attempts - 1, 20)), ceiling)


def next_attempt(
    attempts: int, error: Exception, *, created_at: datetime, now: datetime
) -> datetime | None:
    """Return when to send again after ``attempts`` tries, or None when it is enough.

    That is after 24 hours, and after 12 tries if the error is not one of a platform that is away. The ``retry_in``
    of an error is what the platform asked for (``Retry-After``) and is obeyed instead of our back-off.
    """
    away = isinstance(error, _AWAY)
    if now - created_at >= LONGEST or (attempts >= MOST_ATTEMPTS and not away):
        return None
    asked = pause_of(error)
    if asked is not None:
        return now + asked
    return now + backoff(attempts, ceiling=_AWAY_CEILING if away else _CEILING)


def pause_of(error: Exception | None) -> timedelta | None:
    """Return how long the platform asked us to wait, at most a day; None if it did not."""
    asked = error.retry_in if isinstance(error, RetryableError) else None
    return None if asked is None else min(max(asked, timedelta()), LONGEST)
