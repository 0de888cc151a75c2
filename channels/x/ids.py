"""X's numbers and the names that we give to threads."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH_MS = 1_288_834_974_657
"""What X counts the time in its ids from: 4 November 2010."""
_ID = re.compile(r"[0-9]{1,19}")


def id_at(at: datetime) -> int:
    """Return the smallest id that X gives at a time; ids carry milliseconds in their upper bits."""
    return max(0, int(at.timestamp() * 1000) - _EPOCH_MS) << 22


def span(length: timedelta) -> int:
    """Return how far apart ids are that X gives in a length of time."""
    return (length // timedelta(milliseconds=1)) << 22


def time_of(external_id: str) -> datetime:
    """Return when X gave an id."""
    return datetime.fromtimestamp(0, UTC) + timedelta(
        milliseconds=(int(external_id) >> 22) + _EPOCH_MS
    )


def is_id(text: object) -> bool:
    """Return whether this can be an id of X: it becomes part of an address."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def dm_thread(user: str) -> str:
    """Return the thread of the direct messages with a user."""
    return f"dm:{user}"


def post_thread(root: str, user: str) -> str:
    """Return the thread of what a user writes below a post."""
    return f"post:{root}/{user}"
