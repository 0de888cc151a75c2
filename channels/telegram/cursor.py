"""How far a poll has read: an offset, and when it was last right."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

_TRUSTED = timedelta(days=6)
"""After a week without updates their ids begin anew at any number, perhaps below our offset: what comes then would
count as read. Asking without an offset confirms nothing; what comes twice is known by its message."""


def offset_of(cursor: str | None, now: datetime) -> int | None:
    """Return the offset to ask from; None for whatever is not confirmed yet."""
    try:
        kept = json.loads(cursor or "{}")
        offset, at = int(kept["offset"]), datetime.fromisoformat(kept["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return offset if now - at < _TRUSTED else None


def moved(cursor: str | None, raws: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Return the cursor behind the last update: the last, not the greatest, see above."""
    numbers = [raw["update_id"] for raw in raws if isinstance(raw.get("update_id"), int)]
    if not numbers:
        return cursor or ""
    return json.dumps({"offset": numbers[-1] + 1, "at": now.isoformat()})
