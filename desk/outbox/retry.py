"""When to try again: pure decisions."""

from datetime import datetime, timedelta

MOST_ATTEMPTS = 12
LONGEST = timedelta(hours=24)
_FIRST = timedelta(seconds=1)
_CEILING = timedelta(minutes=30)


def backoff(
    attempts: int, *, first: timedelta = _FIRST, ceiling: timedelta = _CEILING
) -> timedelta:
    """Return the wait after ``attempts`` failed tries (1 or more): doubling, up to the ceiling."""
    return min(first * (1 << min(attempts - 1, 20)), ceiling)


def next_attempt(
    attempts: int, *, created_at: datetime, now: datetime, retry_in: timedelta | None = None
) -> datetime | None:
    """Return when to send again after ``attempts`` tries, or None when it is enough (12 tries or 24 hours).

    ``retry_in`` is what the platform asked for (``Retry-After``) and is obeyed instead of our back-off.
    """
    if attempts >= MOST_ATTEMPTS or now - created_at >= LONGEST:
        return None
    return now + max(
        retry_in or timedelta(), backoff(attempts) if retry_in is None else timedelta()
    )
