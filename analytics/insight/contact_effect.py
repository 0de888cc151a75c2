"""What came after we wrote to people: purchases and replies, beside how often they came before.

A **contact** is a message of ours, not of the assistant, that began something: nothing of theirs came in the day
before it. Several within ``days`` of each other are one contact, that of the first. It counts when its ``days`` are
over.

- ``followed / contacts``: the share of contacts with at least one purchase (or message of theirs) in the ``days``
  after;
- ``before / windows``: the same for the time before the person's first contact, cut into windows of ``days`` going
  back from it to the first that is known of the person, at most 26 of them.

Of one person the two shares are compared by Fisher's exact test (1922), two-sided, and only when there are at least 5
of each. Of everybody they stand side by side: people were written to for a reason, so that a difference is an
observation and not the effect of writing; that takes people who were left out by chance.

:mod:`analytics.insight.contact_effects` has the same of all people, in the engine. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import comb, floor

from analytics.insight.contact_record import CALL, THEIRS, Said, in_order

DAYS = 7
FEWEST = 5
"""Contacts, and windows before them, of which one person must have so many for a word about them."""
MOST_WINDOWS = 26
QUIET = timedelta(days=1)
_SURE = 0.05
_ALIKE = 1e-9
"""Chances that differ by less are equal: the same number added up in another order."""
DAY = 86_400


class Reaction(StrEnum):
    """What may follow."""

    PURCHASE = "purchase"
    REPLY = "reply"


class Verdict(StrEnum):
    """What can be said of the two shares."""

    FEW = "few"
    MORE = "more"
    LESS = "less"
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How many contacts were followed by an outcome within ``days``, and how many windows before had one.

    ``people`` is whom it is about.
    """

    outcome: Reaction
    days: int
    people: int
    contacts: int
    followed: int
    windows: int
    before: int

    @property
    def after_share(self) -> float | None:
        """The share of contacts that were followed."""
        return self.followed / self.contacts if self.contacts else None

    @property
    def before_share(self) -> float | None:
        """The share of windows before the first contact."""
        return self.before / self.windows if self.windows else None

    @property
    def verdict(self) -> Verdict:
        """Whether this person's shares differ by more than chance: a chance below 0.05."""
        if min(self.contacts, self.windows) < FEWEST:
            return Verdict.FEW
        if fisher(self.followed, self.contacts, self.before, self.windows) >= _SURE:
            return Verdict.SAME
        is_more = self.followed * self.windows > self.before * self.contacts
        return Verdict.MORE if is_more else Verdict.LESS


def fisher(first: int, of_first: int, second: int, of_second: int) -> float:
    """Return how likely tables are that are as unlikely as this one, or more so, if nothing made a difference.

    ``first`` of ``of_first`` and ``second`` of ``of_second`` had the outcome.
    """
    had = first + second

    def chance(count: int) -> float:
        ways = comb(of_first, count) * comb(of_second, had - count)
        return ways / comb(of_first + of_second, had)

    seen = chance(first)
    possible = range(max(0, had - of_second), min(had, of_first) + 1)
    return min(1.0, sum(p for p in map(chance, possible) if p <= seen * (1 + _ALIKE)))


def contacts(said: Sequence[Said], days: int = DAYS) -> Iterator[datetime]:
    """Yield when a person was contacted, from what was said in its order."""
    heard = last = None
    for one in said:
        if one.author == THEIRS:
            heard = one.at
        elif one.author not in (CALL, "bot") and (heard is None or one.at > heard + QUIET):
            if last is None or one.at > last + timedelta(days=days):
                yield one.at
            last = one.at


def effects(
    said: Sequence[Said],
    bought: Sequence[datetime],
    *,
    known_at: datetime,
    now: datetime,
    days: int = DAYS,
) -> tuple[Effect, ...]:
    """Return what came after contacts with one person; ``bought`` are the times of orders that stand."""
    span = timedelta(days=days)
    made = [at for at in contacts(in_order(said), days) if at <= now - span]
    heard = [one.at for one in said if one.author == THEIRS]
    since = min([known_at, *bought, *(one.at for one in said)])
    came = ((Reaction.PURCHASE, bought), (Reaction.REPLY, heard))
    return tuple(_effect(kind, times, made, since, days) for kind, times in came)


def _effect(
    kind: Reaction, times: Sequence[datetime], made: Sequence[datetime], since: datetime, days: int
) -> Effect:
    span = timedelta(days=days)
    windows = min(_place(since, made[0], days), MOST_WINDOWS) if made else 0
    places = {_place(at, made[0], days) for at in times if at < made[0]} if made else set()
    return Effect(
        outcome=kind,
        days=days,
        people=1,
        contacts=len(made),
        followed=sum(any(at < then <= at + span for then in times) for at in made),
        windows=windows,
        before=sum(place < windows for place in places),
    )


def _place(at: datetime, first: datetime, days: int) -> int:
    """Return how many whole windows lie between a time and the first contact."""
    return (floor(first.timestamp()) - floor(at.timestamp())) // (days * DAY)
