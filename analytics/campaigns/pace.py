"""How fast a run goes and when it will be over: from what was left at each of the last looks. Pure but for memory."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

_WINDOW = timedelta(minutes=1)
_LEAST = timedelta(seconds=2)
"""Over less than this a batch that has just ended would look like a speed."""
_MOST_RUNS = 200
_MOST_LOOKS = 60


@dataclass(frozen=True, kw_only=True)
class Look:
    """How many were left at a moment."""

    at: datetime
    left: int


class Pace:
    """Remembers the last looks at each run; a process knows its own, and that is enough for a page that is open."""

    def __init__(self) -> None:
        self._looks: OrderedDict[int, deque[Look]] = OrderedDict()

    def see(self, run_id: int, look: Look) -> float | None:
        """Take a look at a run and return how many a second it gets done, None when nobody looked before."""
        looks = self._looks.setdefault(run_id, deque(maxlen=_MOST_LOOKS))
        self._looks.move_to_end(run_id)
        while looks and not timedelta() <= look.at - looks[0].at <= _WINDOW:
            looks.popleft()
        looks.append(look)
        if len(self._looks) > _MOST_RUNS:
            self._looks.popitem(last=False)
        return speed(looks[0], look)

    def forget(self, run_id: int) -> None:
        """Forget the looks at a run that stands still: what comes after has another speed."""
        self._looks.pop(run_id, None)


def speed(first: Look, last: Look) -> float | None:
    """Return how many a second were done between two looks."""
    passed = last.at - first.at
    if passed < _LEAST:
        return None
    return max(0, first.left - last.left) / passed.total_seconds()


def end_of(
    now: datetime, *, left: int, per_second: float | None, last_due: datetime | None
) -> datetime | None:
    """Return when nobody is left: not before the last one is due; None when that cannot be said."""
    if not left or not per_second:
        return None
    try:
        by_speed = now + timedelta(seconds=left / per_second)
    except OverflowError:
        return None
    return max(by_speed, last_due) if last_due else by_speed
