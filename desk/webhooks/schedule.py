"""When to try again, and when to give an address up: pure decisions."""

from datetime import datetime, timedelta

STEPS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The waits after the first failure, the second, and so on: three days in all."""
SWITCHED_OFF_AFTER = timedelta(days=5)
"""So long nothing may arrive at an address at which something fails."""
_LONGEST = timedelta(hours=24)
_SPREAD = 0.2


def next_try(
    failures: int, now: datetime, *, asked: timedelta | None = None, chance: float = 0.0
) -> datetime | None:
    """Return when to try again after so many ``failures`` (1 or more), None after the last.

    ``asked`` is the receiver's ``Retry-After``: it is obeyed instead of our own wait, up to a day. ``chance`` (0 to 1)
    makes the wait up to a fifth longer, so that what failed together does not come back together.
    """
    if failures > len(STEPS):
        return None
    wait = STEPS[failures - 1] if asked is None else min(max(asked, STEPS[0]), _LONGEST)
    return now + wait * (1 + _SPREAD * chance)


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Say whether an address has failed for so long that it is switched off."""
    return failing_since is not None and now - failing_since >= SWITCHED_OFF_AFTER
