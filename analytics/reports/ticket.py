"""A ticket's figures: what an event adds to them. Pure: the state that is given stays as it was."""

from copy import copy

from analytics.reports.business import Business
from analytics.reports.seen import Seen
from analytics.reports.span import Actor, Change, Group, Kind, Open, Put, Refile, Span, number_of
from analytics.reports.state import Ticket

_DONE = frozenset({"resolved", "closed"})
_PAUSED = frozenset({"pending", "on_hold"})
"""While it waits for the customer or for somebody else, nobody here can settle it."""
_SNAPSHOT = ("team", "channel", "topic", "segment", "language")


def fold_ticket(ticket: Ticket, event: Seen, business: Business) -> tuple[Ticket, list[Change]]:
    """Return the state after an event, and what changes in the figures."""
    matter = _Matter(ticket, business)
    matter.see(event)
    return matter.ticket, matter.changes


def open_spans(ticket: Ticket) -> list[Open]:
    """Return what has begun and not ended."""
    found = [
        (Kind.TICKET_REPLY, None if ticket.replied or ticket.since is None else ticket.opened),
        (Kind.TICKET_RESOLUTION, ticket.since),
    ]
    return [Open(_group(ticket, kind), at) for kind, at in found if at is not None]


def _group(ticket: Ticket, kind: Kind) -> Group:
    return Group(
        kind=kind,
        actor=Actor.HUMAN,
        agent=ticket.agent,
        team=ticket.team,
        channel=ticket.channel,
        topic=ticket.topic,
        segment=ticket.segment,
        language=ticket.language,
    )


class _Matter:
    def __init__(self, ticket: Ticket, business: Business) -> None:
        self.ticket = copy(ticket)
        self.ticket.breached = list(ticket.breached)
        self.changes: list[Change] = []
        self._business = business

    def see(self, event: Seen) -> None:
        self._learn(event)
        ticket, at, name = self.ticket, event.at, event.name
        if name == "ticket.opened" and ticket.opened is None:
            ticket.opened = ticket.since = at
            self._put(Kind.TICKET_OPENED, at, at)
        elif _is_reply(event) and not ticket.replied and ticket.opened is not None:
            ticket.replied = True
            self._put(Kind.TICKET_REPLY, ticket.opened, at, agent=_agent(event))
        elif name == "ticket.status_changed":
            self._moved(event)
        elif name == "ticket.merged":
            ticket.merged, ticket.since, ticket.paused = True, None, None
        elif name == "ticket.unmerged":
            ticket.merged = False
            self._began(at, event.text("status"))
        elif name in ("sla.met", "sla.breached"):
            self._clock(event)

    def _learn(self, event: Seen) -> None:
        ticket = self.ticket
        if event.contact:
            ticket.customer = number_of(event.contact)
        if event.name == "ticket.topic_changed" or "topic" in event.data:
            key = "new" if event.name == "ticket.topic_changed" else "topic"
            topic = event.text(key) or ticket.topic
            if topic != ticket.topic and ticket.number:
                self.changes.append(Refile(0, topic))
            ticket.topic = topic
        for field in _SNAPSHOT:
            if field != "topic" and event.text(field):
                setattr(ticket, field, event.text(field))
        if event.name == "ticket.assigned":
            ticket.agent = event.text("new")
        elif "assignee" in event.data:
            ticket.agent = event.text("assignee")

    def _moved(self, event: Seen) -> None:
        ticket, at = self.ticket, event.at
        old, new = event.text("old"), event.text("new")
        if ticket.merged:
            return
        if ticket.paused is not None and new not in _PAUSED:
            ticket.away += max(0, at - ticket.paused)
            ticket.away_business += self._business(ticket.paused, at)
            ticket.paused = None
        if new in _DONE and ticket.since is not None:
            self._settled(ticket.since, at, _agent(event))
        elif old in _DONE and new not in _DONE and ticket.since is None:
            self._put(Kind.TICKET_REOPENED, at, at)
            self._began(at, new)
        elif new in _PAUSED and ticket.paused is None:
            ticket.paused = at

    def _began(self, at: int, status: str) -> None:
        """It is ours from here on, unless it is settled or waits at once."""
        ticket = self.ticket
        ticket.since = None if status in _DONE else at
        ticket.paused = at if status in _PAUSED else None
        ticket.away = ticket.away_business = 0

    def _settled(self, since: int, at: int, agent: str) -> None:
        """It took as long as it was ours: not while it waited."""
        ticket = self.ticket
        lasted = max(0, at - since - ticket.away)
        business = max(0, self._business(since, at) - ticket.away_business)
        self._put(Kind.TICKET_RESOLUTION, since, at, lasted, business, agent=agent)
        ticket.since = None

    def _clock(self, event: Seen) -> None:
        """Count each clock once; one that was broken is not met afterwards."""
        kind = event.text("kind") or event.text("clock")
        clock = event.id("clock_id") or kind
        if clock in self.ticket.breached:
            return
        if event.name == "sla.breached":
            self.ticket.breached.append(clock)
        name = Kind.SLA_MET if event.name == "sla.met" else Kind.SLA_BREACHED
        self._put(name, event.at, event.at, reason=kind)

    def _put(
        self,
        kind: Kind,
        since: int,
        at: int,
        lasted: int | None = None,
        business: int | None = None,
        reason: str = "",
        agent: str = "",
    ) -> None:
        """Write it down, of the agent who did it if one is known, else of whoever has it."""
        ticket = self.ticket
        if lasted is None:
            lasted = max(0, at - since)
        if business is None:
            business = self._business(since, at)
        group = _group(ticket, kind)._replace(reason=reason, agent=agent or ticket.agent)
        span = Span(group, 0, since, at, lasted, business, None, ticket.customer)
        self.changes.append(Put(ticket.number, span))
        ticket.number += 1


def _agent(event: Seen) -> str:
    """Return which agent did something; nothing if it was none, or the event does not say which."""
    by = event.text("by") if event.text("author") == "agent" else ""
    return event.text("agent") or ("" if by == "agent" else by)


def _is_reply(event: Seen) -> bool:
    if event.name == "ticket.replied":
        return event.text("by") == "agent"
    public = event.data.get("public") is True
    return event.name == "ticket.commented" and event.text("author") == "agent" and public
