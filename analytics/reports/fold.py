"""The figures as a pure function of the log: a state and an event give the next state and what changes."""

from collections.abc import Iterable

from analytics.reports import rounds
from analytics.reports import talk as talks
from analytics.reports import ticket as tickets
from analytics.reports.business import Business
from analytics.reports.seen import Seen, subjects
from analytics.reports.span import Change, Kind, Open, Put, Refile, Span, Strike
from analytics.reports.state import State, Talk, Ticket

type Key = tuple[str, int]
"""A subject and the number of a span in it."""


def new_state(subject: str) -> State:
    """Return what is known of a subject before its first event."""
    return Ticket() if subject.startswith("t:") else Talk()


def fold(state: State, event: Seen, now: int, business: Business) -> tuple[State, list[Change]]:
    """Return the state after an event, and what changes; ``now`` is the latest time the log has told so far."""
    if isinstance(state, Ticket):
        return tickets.fold_ticket(state, event, business)
    return talks.fold_talk(state, event, now, business)


def settle(state: State, now: int, business: Business) -> tuple[State, list[Change]]:
    """Return the state once the log has told a time: what was quiet for long has ended."""
    return (state, []) if isinstance(state, Ticket) else talks.settle_talk(state, now, business)


def due(state: State) -> int | None:
    """Return the time at which a state changes without an event of its own."""
    return None if isinstance(state, Ticket) else rounds.due(state)


def open_spans(state: State) -> list[Open]:
    """Return what has begun and not ended."""
    return tickets.open_spans(state) if isinstance(state, Ticket) else talks.open_spans(state)


class Folding:
    """A stretch of the log, folded: states of the subjects it knows, and the rows that are to be written.

    ``refiled`` and ``struck`` name what changes in rows that were written before; rows of ``spans`` are final.
    """

    def __init__(self, states: dict[str, State], now: int, business: Business) -> None:
        self.states = states
        self.now = now
        self.touched: set[str] = set()
        self.spans: dict[Key, Span] = {}
        self.refiled: dict[tuple[str, int], str] = {}
        self.struck: set[tuple[str, int]] = set()
        self._by_round: dict[tuple[str, int], set[int]] = {}
        self._business = business

    def see(self, event: Seen) -> None:
        """Fold one event into everything that it concerns."""
        self.now = max(self.now, event.at)
        for subject in subjects(event):
            state = self.states.get(subject) or new_state(subject)
            self._take(subject, *fold(state, event, self.now, self._business))

    def settle(self, subjects: Iterable[str]) -> None:
        """End what has been quiet for long among some subjects."""
        for subject in subjects:
            state = self.states[subject]
            ends = due(state)
            if ends is not None and ends <= self.now:
                self._take(subject, *settle(state, self.now, self._business))

    def _take(self, subject: str, state: State, changes: list[Change]) -> None:
        self.states[subject] = state
        self.touched.add(subject)
        for change in changes:
            if isinstance(change, Put):
                self.spans[subject, change.number] = change.span
                place = (subject, change.span.round)
                self._by_round.setdefault(place, set()).add(change.number)
            else:
                self._change(subject, change)

    def _change(self, subject: str, change: Refile | Strike) -> None:
        place = (subject, change.round)
        for number in self._by_round.get(place, ()):
            self.spans[subject, number] = changed(self.spans[subject, number], change)
        if isinstance(change, Strike):
            self.struck.add(place)
        else:
            self.refiled[place] = change.topic


def changed(span: Span, change: Refile | Strike) -> Span:
    """Return a span after its round was filed elsewhere or taken away."""
    if span.group.kind == Kind.VOID:
        return span
    group = (
        span.group._replace(kind=Kind.VOID)
        if isinstance(change, Strike)
        else span.group._replace(topic=change.topic)
    )
    return Span(
        group,
        span.round,
        span.started,
        span.ended,
        span.lasted,
        span.business,
        span.value,
        span.customer,
    )
