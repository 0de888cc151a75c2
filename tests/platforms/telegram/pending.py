"""Updates that wait for a bot: confirmed by a later offset, forgotten after a day."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from desk.clock import Clock

_KEPT = timedelta(hours=24)


class Pending:
    """The queue of one bot. The documentation is taken by its word: an offset confirms all that is numbered below."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[datetime, dict[str, Any]]] = []

    def put(self, update: dict[str, Any]) -> None:
        """Let an update wait; what we keep is a copy."""
        self._waiting.append((self._clock(), json.loads(json.dumps(update))))

    def confirm(self, offset: int) -> None:
        """Forget what is numbered below an offset; a negative one leaves so many from the end."""
        if offset < 0:
            self._waiting = self._waiting[offset:]
        self._waiting = [one for one in self._waiting if one[1]["update_id"] >= offset]

    def first(self, most: int) -> Sequence[dict[str, Any]]:
        """Return what has waited longest."""
        self._forget()
        return [update for _, update in self._waiting[:most]]

    def remove(self, update: dict[str, Any]) -> None:
        """Forget one that was delivered."""
        self._waiting = [one for one in self._waiting if one[1] is not update]

    def clear(self) -> None:
        """Forget all."""
        self._waiting = []

    def __len__(self) -> int:
        self._forget()
        return len(self._waiting)

    def _forget(self) -> None:
        self._waiting = [one for one in self._waiting if self._clock() - one[0] < _KEPT]
