"""What was said between us and one person: how much on which channel, how soon either side answers, and when last.

Everything is read from the event log: messages that came, messages that were sent, and calls for a person. Response
times are taken within one channel:

- **of the assistant** (``bot``), and of ``us`` where nobody knows whose it was: from the first message of theirs that
  nobody had answered to ours;
- **of a person** (``agent``): from the last call for a person since an agent spoke, and where nobody called, from the
  first message of theirs that nobody had answered, to the agent's message;
- **theirs** (``them``): from our last message, of whatever kind, to theirs, if it comes within 7 days.

What nobody answered has no time and is counted nowhere. :mod:`analytics.insight.contact_everybody` has the same of all
people, in the engine. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

THEIRS, CALL = "contact", "call"
EVENTS: Mapping[str, str | None] = {
    "message.received": THEIRS,
    "conversation.handoff_requested": CALL,
    "message.sent": None,
}
"""Who speaks in an event; in a message of ours it is whose it was."""
KNOWN = ("bot", "agent", "campaign", "system")
ANSWERING = ("bot", "agent", "us")
"""Whose messages answer; those of campaigns and of the desk itself are ours, but answer nothing."""
ANSWERED_WITHIN = timedelta(days=7)
"""What comes later than this after our message is no answer to it."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message, or a call for a person; ``author`` is one of those above, ``number`` its place in the log."""

    channel: str | None
    at: datetime
    number: int
    author: str

    @property
    def is_ours(self) -> bool:
        """Whether we wrote it."""
        return self.author not in (THEIRS, CALL)


@dataclass(frozen=True, kw_only=True)
class OnChannel:
    """Messages on one channel: theirs, ours, and of ours those of the assistant and of agents."""

    channel: str | None
    received: int
    sent: int
    by_bot: int
    by_agent: int
    last_received_at: datetime | None
    last_sent_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How long answers took: how many there were, the median and what nine of ten were within, in seconds."""

    answers: int
    median: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was said, by channel (the busiest first), and the speed of ``bot``, ``agent``, ``us`` and ``them``."""

    channels: tuple[OnChannel, ...]
    speeds: Mapping[str, Speed]

    @property
    def received(self) -> int:
        """Messages of theirs."""
        return sum(one.received for one in self.channels)

    @property
    def sent(self) -> int:
        """Messages of ours."""
        return sum(one.sent for one in self.channels)

    @property
    def last_received_at(self) -> datetime | None:
        """When they wrote last."""
        return _latest(one.last_received_at for one in self.channels)

    @property
    def last_sent_at(self) -> datetime | None:
        """When we wrote last."""
        return _latest(one.last_sent_at for one in self.channels)


def record(said: Sequence[Said]) -> Record:
    """Return the record of what was said, in any order."""
    by_channel: defaultdict[str | None, list[Said]] = defaultdict(list)
    for one in in_order(said):
        by_channel[one.channel].append(one)
    channels = [_on_channel(name, part) for name, part in by_channel.items()]
    took: defaultdict[str, list[int]] = defaultdict(list)
    for part in by_channel.values():
        for side, seconds in answers(part):
            took[side].append(seconds)
    return Record(
        channels=tuple(
            sorted(
                (one for one in channels if one.received or one.sent),
                key=lambda one: (-one.received - one.sent, one.channel or ""),
            )
        ),
        speeds={side: speed(seconds) for side, seconds in took.items()},
    )


def in_order(said: Sequence[Said]) -> list[Said]:
    """Return what was said as it was said."""
    return sorted(said, key=lambda one: (one.at, one.number))


def answers(said: Sequence[Said]) -> Iterator[tuple[str, int]]:
    """Yield who answered and after how many seconds, from what was said on one channel in its order."""
    asked = called = told = None
    for one in said:
        if one.author == CALL:
            called = one.at
        elif one.author == THEIRS:
            if told is not None and one.at - told <= ANSWERED_WITHIN:
                yield "them", _seconds(told, one.at)
            told, asked = None, asked or one.at
        else:
            told = one.at
            if one.author in ANSWERING:
                since = called or asked if one.author == "agent" else asked
                if since is not None:
                    yield one.author, _seconds(since, one.at)
                asked = None
            if one.author == "agent":
                called = None


def speed(seconds: Sequence[int]) -> Speed:
    """Return what is said of some answers, at least one."""
    return Speed(
        answers=len(seconds), median=_quantile(seconds, 0.5), most=_quantile(seconds, 0.9)
    )


def _quantile(values: Sequence[int], share: float) -> float:
    """Return a quantile, between two values in proportion (type 7 of Hyndman and Fan, 1996)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _seconds(since: datetime, until: datetime) -> int:
    # Whole seconds of either, as the engine counts them.
    return floor(until.timestamp()) - floor(since.timestamp())


def _on_channel(channel: str | None, said: Sequence[Said]) -> OnChannel:
    theirs = [one.at for one in said if one.author == THEIRS]
    ours = [one.at for one in said if one.is_ours]
    return OnChannel(
        channel=channel,
        received=len(theirs),
        sent=len(ours),
        by_bot=sum(one.author == "bot" for one in said),
        by_agent=sum(one.author == "agent" for one in said),
        last_received_at=_latest(theirs),
        last_sent_at=_latest(ours),
    )


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
