"""When an account of a channel is through with a campaign, at the rate that its platform allows. Pure.

The same windows as those that sends obey (``desk.outbox.pace``), taken up in bursts: whatever is allowed goes out at
once, the longest due first, and never in somebody's quiet hours.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analytics.campaigns.quiet import Window, is_quiet, next_allowed
from desk.channel import Rate


@dataclass(frozen=True, kw_only=True)
class Wave:
    """People with clocks in one zone who may be written to from ``at`` on, and not any more at ``until``."""

    at: datetime
    until: datetime
    zone: ZoneInfo
    people: int


@dataclass(frozen=True, kw_only=True)
class Passed:
    """How many were written to and how many could not be in time; the first and the last time, if anybody was."""

    sent: int
    late: int
    begins_at: datetime | None
    ends_at: datetime | None


@dataclass
class _Waiting:
    """A wave of which some still wait; ``asleep`` is known for one minute."""

    wave: Wave
    people: int
    minute: datetime | None = None
    asleep: bool = False

    def is_asleep(self, now: datetime, quiet: Window | None) -> bool:
        """Say whether its people are to be left alone now."""
        minute = now.replace(second=0, microsecond=0)
        if quiet is not None and minute != self.minute:
            self.minute, self.asleep = minute, is_quiet(now, self.wave.zone, quiet)
        return self.asleep


class _Windows:
    """What was sent lately, for each rate."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = [(rate, deque[tuple[datetime, int]]()) for rate in rates]
        self._used = [0] * len(self._rates)

    def room(self, now: datetime) -> int | None:
        """Return how many may be sent now; None: any number."""
        for place, (rate, sent) in enumerate(self._rates):
            while sent and sent[0][0] + rate.per <= now:
                self._used[place] -= sent.popleft()[1]
        left = [rate.count - self._used[n] for n, (rate, _) in enumerate(self._rates)]
        return min(left, default=None)

    def ready_at(self, now: datetime) -> datetime:
        """Return when there is room again, if there is none now."""
        full = [
            sent[0][0] + rate.per
            for place, (rate, sent) in enumerate(self._rates)
            if self._used[place] >= rate.count
        ]
        return max(full, default=now)

    def count(self, now: datetime, people: int) -> None:
        """Take note of a burst."""
        for place, (_, sent) in enumerate(self._rates):
            sent.append((now, people))
            self._used[place] += people


def passed(
    waves: Sequence[Wave], rates: Sequence[Rate], quiet: Window | None, now: datetime
) -> Passed:
    """Return what becomes of waves, from now on."""
    left = [_Waiting(wave, wave.people) for wave in sorted(waves, key=lambda one: one.at)]
    windows, late, moment = _Windows(rates), 0, now
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    while left:
        late += sum(one.people for one in left if one.wave.until <= moment)
        left = [one for one in left if one.people and one.wave.until > moment]
        due = [one for one in left if one.wave.at <= moment]
        awake = [one for one in due if not one.is_asleep(moment, quiet)]
        if not awake:
            moment = _next(left, due, quiet, moment)
            continue
        room = windows.room(moment)
        if room == 0:
            moment = windows.ready_at(moment)
            continue
        windows.count(moment, _send(awake, room))
        begins_at, ends_at = begins_at or moment, moment
        left = [one for one in left if one.people]
    sent = sum(wave.people for wave in waves) - late
    return Passed(sent=sent, late=late, begins_at=begins_at, ends_at=ends_at)


def _send(awake: Sequence[_Waiting], room: int | None) -> int:
    """Let as many as there is room for go out; return how many."""
    sent = 0
    for one in awake:
        taken = one.people if room is None else min(one.people, room - sent)
        one.people -= taken
        sent += taken
    return sent


def _next(
    left: Sequence[_Waiting], due: Sequence[_Waiting], quiet: Window | None, now: datetime
) -> datetime:
    """Return when somebody is due, or awake again."""
    later = [one.wave.at for one in left if one.wave.at > now]
    if quiet is not None:
        later += [next_allowed(now, one.wave.zone, quiet) for one in due]
    return min(later, default=now).astimezone(UTC)
