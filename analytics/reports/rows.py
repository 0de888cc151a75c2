"""The rows of a conversation: a copy of its state that is changed, and what that changes in the figures."""

from copy import copy

from msgspec.structs import replace

from analytics.reports.business import Business
from analytics.reports.span import Actor, Change, Group, Kind, Put, Span
from analytics.reports.state import Count, Talk

QUARTER = 900_000
"""Milliseconds. Messages are counted by it; every zone's days begin at one."""
_SAID = {"contact": Kind.SAID_CONTACT, "bot": Kind.SAID_BOT, "agent": Kind.SAID_AGENT}


def group_of(
    talk: Talk,
    kind: str,
    actor: str = "",
    agent: str = "",
    reason: str = "",
    team: str | None = None,
) -> Group:
    """Return the group of what happens in a conversation as it is now."""
    return Group(
        kind,
        actor,
        agent,
        talk.team if team is None else team,
        talk.channel,
        talk.topic,
        talk.segment,
        talk.language,
        reason,
    )


class Rows:
    """A copy of the state that is changed, with what that changes in the figures."""

    def __init__(self, talk: Talk, business: Business) -> None:
        self.talk = copy(talk)
        self.talk.round, self.talk.hold = copy(talk.round), copy(talk.hold)
        self.talk.counts, self.talk.ratings = dict(talk.counts), dict(talk.ratings)
        self.changes: list[Change] = []
        self.business = business

    def happened(self, kind: Kind, at: int, agent: str = "", reason: str = "") -> None:
        """Write down something that is only counted."""
        group = group_of(self.talk, kind, agent=agent, reason=reason)
        self.add(group, at, at)

    def lasted(
        self, kind: Kind, since: int, at: int, agent: str = "", actor: Actor = Actor.HUMAN
    ) -> None:
        """Write down something that began at a time and ends now."""
        group = group_of(self.talk, kind, actor, agent)
        lasted = max(0, at - since)
        self.add(group, since, at, lasted=lasted, business=self.business(since, at))

    def count(self, author: str, at: int, agent: str, by: int = 1) -> None:
        """Count a message: those alike of a quarter of an hour are one row."""
        talk, quarter = self.talk, at // QUARTER * QUARTER
        group = group_of(talk, _SAID[author], agent=agent)
        number_round = max(0, talk.rounds - 1)
        known = talk.counts.get(author)
        fresh = Count(0, number_round, quarter, group, talk.customer, 0)
        if known is None or replace(known, number=0, count=0) != fresh:
            known = replace(fresh, number=self.take())
        known = talk.counts[author] = replace(known, count=known.count + by)
        self.put(known.number, group, number_round, quarter, quarter, value=float(known.count))

    def take(self) -> int:
        """Return a number that no span has."""
        self.talk.number += 1
        return self.talk.number - 1

    def add(
        self,
        group: Group,
        started: int,
        ended: int,
        *,
        lasted: int = 0,
        business: int = 0,
        value: float | None = None,
        round_: int | None = None,
    ) -> None:
        """Write a span under a new number, of this round if no other is named."""
        number = self.talk.rounds - 1 if round_ is None else round_
        self.put(self.take(), group, number, started, ended, lasted, business, value)

    def put(
        self,
        number: int,
        group: Group,
        round_: int,
        started: int,
        ended: int,
        lasted: int = 0,
        business: int = 0,
        value: float | None = None,
    ) -> None:
        """Write a span under its number."""
        customer = self.talk.customer
        span = Span(group, round_, started, ended, lasted, business, value, customer)
        self.changes.append(Put(number, span))
