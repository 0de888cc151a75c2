"""The figures are a function of the log: the same in any portions, and what plain loops say."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.reports.business import at, business_of, ms
from analytics.reports.fold import Folding, due
from analytics.reports.seen import seen
from analytics.reports.span import Kind, Span
from desk.calendars.timing import between
from tests.reports import oracle, ticket_oracle
from tests.reports.calendar import WORK
from tests.reports.oracle import Happening
from tests.reports.streams import broken_logs, logs, ticket_logs

BUSINESS = business_of(WORK)


def folded(log: list[Happening], sizes: list[int] | None = None) -> Folding:
    """Fold a log, in portions of some sizes, of which each settles what is due at its end."""
    folding = Folding({}, 0, BUSINESS)
    sizes, left = list(sizes or []), list(log)
    while left:
        size = sizes.pop() if sizes else len(left)
        for event in left[:size]:
            folding.see(seen(event))
        folding.settle(list(folding.states))
        left = left[size:]
    return folding


def counted(spans: list[Span]) -> Counter[tuple[Any, ...]]:
    """Spans as the oracle tells them."""
    return oracle.summed(
        [
            oracle.Line(
                **{
                    **span.group._asdict(),
                    "kind": str(span.group.kind),
                    "actor": str(span.group.actor),
                },
                round=span.round,
                ended=at(span.ended),
                lasted=timedelta(milliseconds=span.lasted),
                business=timedelta(milliseconds=span.business),
                value=span.value,
            )
            for span in spans
            if span.group.kind != Kind.VOID
        ]
    )


def of(noun: str, spans: dict[tuple[str, int], Span]) -> list[Span]:
    return [span for (subject, _), span in spans.items() if subject.startswith(noun)]


def working(start: datetime, end: datetime) -> timedelta:
    return between(WORK, start, end)


@settings(max_examples=400, deadline=None)
@given(logs())
def test_the_figures_are_what_plain_loops_say(log: list[Happening]) -> None:
    if log:
        assert counted(of("c:", folded(log).spans)) == oracle.summed(oracle.lines(log, working))


@settings(max_examples=400, deadline=None)
@given(ticket_logs(), st.lists(st.integers(1, 7), max_size=20))
def test_the_figures_of_tickets_are_what_plain_loops_say(
    log: list[Happening], sizes: list[int]
) -> None:
    found = of("t:", folded(log, sizes).spans)
    assert counted(found) == oracle.summed(ticket_oracle.lines(log, working))


@settings(max_examples=150, deadline=None)
@given(logs(), st.lists(st.integers(1, 7), max_size=30))
def test_portions_do_not_matter(log: list[Happening], sizes: list[int]) -> None:
    whole, parts = folded(log), folded(log, sizes)
    assert parts.spans == whole.spans
    assert parts.states == whole.states


@settings(max_examples=150, deadline=None)
@given(broken_logs(), st.lists(st.integers(1, 7), max_size=20))
def test_nothing_in_an_event_stops_the_figures(log: list[Happening], sizes: list[int]) -> None:
    whole = folded(log)
    assert folded(log, sizes).spans == whole.spans
    assert all(span.lasted >= 0 and span.business >= 0 for span in whole.spans.values())


@given(st.integers(0, 10**6), st.integers(0, 3 * 10**6))
def test_business_time_is_that_of_the_calendar(start: int, length: int) -> None:
    begins = datetime(2026, 3, 25, tzinfo=UTC) + timedelta(seconds=start)
    ends = begins + timedelta(seconds=length)
    assert timedelta(milliseconds=BUSINESS(ms(begins), ms(ends))) == between(WORK, begins, ends)


@given(logs())
def test_a_state_that_was_given_stays_as_it_was(log: list[Happening]) -> None:
    folding = folded(log)
    for event in log:
        before = {key: repr(state) for key, state in folding.states.items()}
        again = Folding(dict(folding.states), folding.now, BUSINESS)
        again.see(seen(event))
        assert {key: repr(state) for key, state in folding.states.items()} == before
        assert all(
            due(state) is None or isinstance(due(state), int) for state in again.states.values()
        )
