"""What a ticket's figures must be, by looking through its whole story for every question: another way.

Like the oracle it shares no code with what it checks.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.reports.oracle import Happening, Line

SETTLED = ("resolved", "closed")
WAITING = ("pending", "on_hold")

type Piece = tuple[datetime, datetime]


class Story:
    """One ticket, with all of its events at hand."""

    def __init__(
        self,
        log: list[Happening],
        ticket: int,
        working: Callable[[datetime, datetime], timedelta],
    ) -> None:
        self.events = [
            event
            for event in log
            if event.name.partition(".")[0] in ("ticket", "sla")
            and event.data.get("ticket_id") == ticket
        ]
        self.working = working

    def lines(self) -> Iterator[Line]:
        """Every fact about the ticket."""
        opened = self._places("ticket.opened")
        if opened:
            yield self._line("ticket_opened", opened[0])
            yield from self._reply(opened[0])
        yield from self._settling()
        yield from self._clocks()

    # Looking back

    def _places(self, *names: str) -> list[int]:
        return [place for place, event in enumerate(self.events) if event.name in names]

    def _had_by(self, place: int) -> str:
        """Who has it after the event at a place."""
        told = [
            event.data["new"] if event.name == "ticket.assigned" else event.data["assignee"]
            for event in self.events[: place + 1]
            if event.name == "ticket.assigned" or "assignee" in event.data
        ]
        return (told[-1] or "") if told else ""

    def _last(self, place: int, key: str) -> str:
        told = [event.data[key] for event in self.events[: place + 1] if event.data.get(key)]
        return told[-1] if told else ""

    def _topic(self) -> str:
        """What it is filed under in the end; everything of a ticket is."""
        told = [
            event.data.get("new" if event.name == "ticket.topic_changed" else "topic")
            for event in self.events
        ]
        return next((topic for topic in reversed(told) if topic), "")

    def _line(self, kind: str, place: int, **more: Any) -> Line:
        at = self.events[place].occurred_at
        about = {key: self._last(place, key) for key in ("team", "channel", "segment", "language")}
        about |= {"topic": self._topic(), "agent": self._had_by(place), "actor": "human"}
        return Line(kind=kind, round=0, ended=at, **(about | more))

    def _doer(self, place: int) -> str:
        """Which agent did it, else who has it."""
        data = self.events[place].data
        if data.get("agent"):
            return str(data["agent"])
        if data.get("author") == "agent" and data.get("by") not in (None, "", "agent"):
            return str(data["by"])
        return self._had_by(place)

    # The facts

    def _reply(self, opened: int) -> Iterator[Line]:
        for place in self._places("ticket.replied", "ticket.commented"):
            event = self.events[place]
            replied = event.name == "ticket.replied" and event.data.get("by") == "agent"
            wrote = event.data.get("author") == "agent" and event.data.get("public") is True
            if place > opened and (replied or (event.name == "ticket.commented" and wrote)):
                since = self.events[opened].occurred_at
                yield self._line(
                    "ticket_reply",
                    place,
                    lasted=event.occurred_at - since,
                    business=self.working(since, event.occurred_at),
                    agent=self._doer(place),
                )
                return

    def _is_part(self, place: int) -> bool:
        """Whether it is part of another ticket before the event at a place."""
        joined = [p for p in self._places("ticket.merged", "ticket.unmerged") if p < place]
        return bool(joined) and self.events[joined[-1]].name == "ticket.merged"

    def _is_ours(self, place: int) -> bool:
        """Whether it was opened and not settled after the event at a place; waiting is no matter."""
        ours = False
        first = self._places("ticket.opened")[:1]
        for at, event in enumerate(self.events[: place + 1]):
            if at in first:
                ours = True
            elif event.name == "ticket.merged":
                ours = False
            elif event.name == "ticket.unmerged":
                ours = event.data.get("status") not in SETTLED
            elif event.name == "ticket.status_changed" and not self._is_part(at):
                if event.data["new"] in SETTLED:
                    ours = False
                elif event.data["old"] in SETTLED:
                    ours = True
        return ours

    def _settling(self) -> Iterator[Line]:
        for place in self._places("ticket.status_changed"):
            data, before = self.events[place].data, self._is_ours(place - 1)
            if self._is_part(place):
                continue
            if data["old"] in SETTLED and data["new"] not in SETTLED and not before:
                yield self._line("ticket_reopened", place)
            if data["new"] in SETTLED and before:
                worked = self._worked(place)
                yield self._line(
                    "ticket_resolution",
                    place,
                    lasted=sum((b - a for a, b in worked), timedelta()),
                    business=sum((self.working(a, b) for a, b in worked), timedelta()),
                    agent=self._doer(place),
                )

    def _worked(self, end: int) -> list[Piece]:
        """The pieces of time up to its end in which somebody here could settle it."""
        start = end - 1
        while start > 0 and self._is_ours(start - 1):
            start -= 1
        found: list[Piece] = []
        for place in range(start, end):
            here, after = self.events[place], self.events[place + 1]
            if self._status(place, start) not in WAITING:
                found.append((here.occurred_at, after.occurred_at))
        return found

    def _status(self, place: int, start: int) -> str:
        """What was last told of where it is since some place."""
        for event in reversed(self.events[start : place + 1]):
            if event.name == "ticket.status_changed":
                return str(event.data["new"])
            if event.name == "ticket.unmerged":
                return str(event.data["status"])
        return "new"

    def _clocks(self) -> Iterator[Line]:
        for place in self._places("sla.met", "sla.breached"):
            event = self.events[place]
            broken = [
                each.data["clock_id"]
                for each in self.events[:place]
                if each.name == "sla.breached"
            ]
            if event.data["clock_id"] not in broken:
                kind = event.name.replace(".", "_")
                yield self._line(kind, place, reason=event.data["kind"])


def lines(log: list[Happening], working: Callable[[datetime, datetime], timedelta]) -> list[Line]:
    """Every fact about tickets in a log."""
    tickets = dict.fromkeys(
        event.data["ticket_id"] for event in log if event.data.get("ticket_id") is not None
    )
    return [line for ticket in tickets for line in Story(log, ticket, working).lines()]
