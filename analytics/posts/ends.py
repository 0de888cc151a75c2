"""How publishing ended: pure decisions."""

from dataclasses import dataclass
from datetime import datetime

from analytics.posts.model import LATE
from desk.errors import RejectedError, RetryableError
from desk.outbox.retry import next_attempt
from desk.store.storable import storable
from desk.tables.post import PostState

_LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class End:
    """What became of a post; ``again`` is when to try once more, if that is certain to be the first one."""

    state: PostState
    reason: str | None = None
    again: datetime | None = None


def end_of(attempts: int, error: Exception | None, *, due_at: datetime, now: datetime) -> End:
    """Return how an attempt ended: only what was certainly not published is tried again, and not for long.

    What the platform asks to wait for is obeyed; a post that would be too late then has failed, and says why.
    """
    if error is None:
        return End(state=PostState.PUBLISHED)
    reason = storable(str(error) or type(error).__name__, _LONGEST)
    if isinstance(error, RejectedError):
        return End(state=PostState.FAILED, reason=reason)
    if not isinstance(error, RetryableError):
        return End(state=PostState.UNKNOWN, reason=reason)
    again = next_attempt(attempts, error, created_at=due_at, now=now)
    if again is None or again > due_at + LATE:
        return End(state=PostState.FAILED, reason=reason)
    return End(state=PostState.SCHEDULED, reason=reason, again=again)
