"""How fast: sliding windows over the latest sends, and the pauses a platform asked for. Pure decisions.

A window is exact where a token bucket is not: a full bucket and its refill let almost twice the count through in one
stretch of time, and platforms that count strictly answer that with a 429.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.channel import Rate


@dataclass(frozen=True)
class Tempo:
    """The latest sends of a lane or a chat, oldest first, and until when it must be silent."""

    recent: tuple[datetime, ...] = ()
    paused_until: datetime | None = None


def ready_at(tempo: Tempo, rates: Sequence[Rate]) -> datetime | None:
    """Return from when on one more send is allowed; None if nothing was ever in the way."""
    times = [tempo.recent[-r.count] + r.per for r in rates if len(tempo.recent) >= r.count]
    if tempo.paused_until is not None:
        times.append(tempo.paused_until)
    return max(times, default=None)


def room(tempo: Tempo, rates: Sequence[Rate], now: datetime) -> int | None:
    """Return how many sends are allowed at this moment; None without a limit."""
    if tempo.paused_until is not None and tempo.paused_until > now:
        return 0
    left = [r.count - sum(at + r.per > now for at in tempo.recent) for r in rates]
    return max(0, min(left)) if left else None


def began(tempo: Tempo, rates: Sequence[Rate], now: datetime) -> Tempo:
    """Count a send that begins now, and forget those that no longer matter."""
    return Tempo((*_counting(tempo.recent, rates, now), now), tempo.paused_until)


def ended(tempo: Tempo, started: datetime, now: datetime) -> Tempo:
    """Move a send to its end: the platform may have counted it at any time in between."""
    recent = list(tempo.recent)
    if started in recent:
        recent.remove(started)
        recent = sorted([*recent, now])
    return Tempo(tuple(recent), tempo.paused_until)


def paused(tempo: Tempo, until: datetime) -> Tempo:
    """Be silent until then; a longer pause stays."""
    return Tempo(tempo.recent, max(until, tempo.paused_until or until))


def idle_at(tempo: Tempo, rates: Sequence[Rate], now: datetime) -> datetime:
    """Return from when on the tempo says nothing any more."""
    longest = max((r.per for r in rates), default=timedelta())
    return max(now, tempo.paused_until or now, *(at + longest for at in tempo.recent[-1:]))


def _counting(
    recent: tuple[datetime, ...], rates: Sequence[Rate], now: datetime
) -> tuple[datetime, ...]:
    if not rates:
        return ()
    longest, most = max(r.per for r in rates), max(r.count for r in rates)
    return tuple(at for at in recent if at + longest > now)[-most:]
