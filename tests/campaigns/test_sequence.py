"""What follows an event, and which step of a sequence is next."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns.occurrences import (
    Happening,
    Occurrence,
    due_at,
    last_due,
    occurrences,
    triggered,
)
from analytics.campaigns.schedule import (
    AfterEvent,
    Condition,
    Local,
    Once,
    Otherwise,
    Sequence,
    Step,
    read,
)
from analytics.campaigns.sequence import (
    CONDITION,
    TOO_LATE,
    Move,
    Next,
    Place,
    Progress,
    holds,
    move,
    next_step,
    step_key,
    steps_of,
)
from desk.errors import InvalidError
from tests.campaigns.zones import (
    at,
)

W, E, NOT = Progress.WAITING, Progress.ENDED, CONDITION
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


BOUGHT = Condition(event="order.placed", happened=False)
CLICKED = Condition(event="link_click")
SERIES = Sequence(
    start=AfterEvent(event="ticket.resolved", delay=timedelta()),
    steps=(
        Step(wait=timedelta()),
        Step(wait=3 * DAY, conditions=(BOUGHT,)),
        Step(wait=2 * DAY, conditions=(CLICKED,), otherwise=Otherwise.SKIP),
        Step(wait=DAY),
    ),
)


def test_an_event_leads_to_one_occurrence_with_its_id() -> None:
    plan = AfterEvent(event="order.placed", delay=7 * DAY, first=True)
    order = Happening(id="o-1", name="order.placed", at=NOON, first=True)
    assert triggered(plan, order) == Occurrence("o-1", NOON + 7 * DAY)
    second = Happening(id="o-2", name="order.placed", at=NOON)
    assert triggered(plan, second) is None
    every = plan.model_copy(update={"first": False})
    assert triggered(every, second) == Occurrence("o-2", NOON + 7 * DAY)
    other = Happening(id="t-1", name="ticket.resolved", at=NOON, first=True)
    assert triggered(plan, other) is None
    assert triggered(Once(at=NOON), order) is None
    assert triggered(SERIES, other) == Occurrence("t-1", NOON)
    assert occurrences(plan, NOON - DAY, NOON + 100 * DAY) == []


STEPS: list[tuple[int, dict[str, timedelta], timedelta, Next]] = [
    # done, what happened so long after the last step, now, what is next
    (0, {}, timedelta(), Next(Progress.DUE, 1, NOON)),
    (1, {}, 2 * DAY, Next(Progress.WAITING, 2, NOON + 3 * DAY)),
    (1, {}, 3 * DAY, Next(Progress.DUE, 2, NOON + 3 * DAY)),
    (1, {"order.placed": -HOUR}, 3 * DAY, Next(Progress.DUE, 2, NOON + 3 * DAY)),
    (1, {"order.placed": HOUR}, 2 * DAY, Next(Progress.WAITING, 2, NOON + 3 * DAY)),
    (1, {"order.placed": HOUR}, 3 * DAY, Next(Progress.ENDED, 2, NOON + 3 * DAY)),
    (2, {"link_click": HOUR}, 2 * DAY, Next(Progress.DUE, 3, NOON + 2 * DAY)),
    (2, {}, 2 * DAY, Next(Progress.WAITING, 4, NOON + 3 * DAY)),
    (2, {}, 3 * DAY, Next(Progress.DUE, 4, NOON + 3 * DAY)),
    (4, {}, 9 * DAY, Next(Progress.FINISHED, 4, NOON)),
]


@pytest.mark.parametrize(("done", "happened", "later", "expected"), STEPS)
def test_the_next_step_of_a_sequence(
    done: int, happened: dict[str, timedelta], later: timedelta, expected: Next
) -> None:
    last = {name: NOON + after for name, after in happened.items()}
    assert next_step(SERIES, done, NOON, last, NOON + later) == expected


@settings(max_examples=200, deadline=None)
@given(
    waits=st.lists(st.integers(0, 100), min_size=1, max_size=6),
    asks=st.lists(st.booleans(), min_size=6, max_size=6),
    clicks=st.booleans(),
)
def test_a_sequence_goes_on_and_ends(waits: list[int], asks: list[bool], clicks: bool) -> None:
    steps = tuple(
        Step(wait=w * HOUR, conditions=(CLICKED,) if ask else (), otherwise=Otherwise.SKIP)
        for w, ask in zip(waits, asks, strict=False)
    )
    plan = Sequence(start=Once(at=NOON), steps=steps)
    done, since, now, sent = 0, NOON, NOON, []
    last = {"link_click": NOON + 1_000 * DAY} if clicks else {}
    for _ in range(50):
        found = next_step(plan, done, since, last, now)
        if found.progress is Progress.FINISHED:
            break
        assert found.step > done
        if found.progress is Progress.WAITING:
            assert found.at > now
            now = found.at
            continue
        assert found.progress is Progress.DUE
        assert found.at <= now
        sent.append(found.step)
        done, since = found.step, now
    else:
        pytest.fail("it never ends")
    wanted = [n for n, step in enumerate(steps, 1) if clicks or not step.conditions]
    assert sent == wanted


def test_the_first_step_waits_from_what_sets_it_off() -> None:
    start = AfterEvent(event="order", delay=2 * DAY, conditions=(CLICKED,))
    assert steps_of(start).steps == (Step(wait=2 * DAY, conditions=(CLICKED,)),)
    assert start.event == "order.placed"
    given = (Step(wait=HOUR, conditions=(BOUGHT,), otherwise=Otherwise.SKIP), Step(wait=DAY))
    first, second = steps_of(Sequence(start=start, steps=given)).steps
    assert (first.wait, first.conditions) == (2 * DAY + HOUR, (CLICKED, BOUGHT))
    assert (first.otherwise, second) == (Otherwise.END, given[1])
    once = Sequence(start=Once(at=NOON), steps=given)
    assert steps_of(once) == once


def test_no_campaign_goes_out_after_what_campaigns_send() -> None:
    for event in ("campaign.sent", "campaign.delivered", "campaign.read"):
        with pytest.raises(InvalidError, match="that would never end"):
            read({"kind": "after_event", "event": event, "delay": "1d"})


MOVES: list[tuple[int, dict[str, timedelta], timedelta, Move]] = [
    # steps done, what happened so long after the last one, now, where that leads
    (0, {}, timedelta(), Move(W, Place(1, NOON), NOON + 3 * DAY, 1)),
    (1, {}, 2 * DAY, Move(W, Place(1, NOON), NOON + 3 * DAY)),
    (1, {}, 3 * DAY, Move(W, Place(2, NOON + 3 * DAY), NOON + 5 * DAY, 2)),
    (1, {}, 3 * DAY + 2 * HOUR, Move(W, Place(2, NOON + 3 * DAY), NOON + 5 * DAY, 2, TOO_LATE)),
    (
        1,
        {"order.placed": HOUR},
        3 * DAY,
        Move(E, Place(1, NOON + 3 * DAY), NOON + 3 * DAY, 2, NOT),
    ),
    (2, {}, 9 * DAY, Move(W, Place(3, NOON + 2 * DAY), NOON + 3 * DAY, 3, NOT)),
    (3, {}, DAY, Move(Progress.FINISHED, Place(4, NOON + DAY), NOON + DAY, 4)),
]


@pytest.mark.parametrize(("done", "happened", "later", "expected"), MOVES)
def test_where_somebody_gets_to(
    done: int, happened: dict[str, timedelta], later: timedelta, expected: Move
) -> None:
    last = {name: NOON + after for name, after in happened.items()}
    where = Place(done, NOON)
    found = move(SERIES, where, last, NOON + later, allowed=lambda at: at, late=HOUR)
    assert found == expected


def test_what_falls_into_the_night_is_asked_in_the_morning() -> None:
    def allowed(at: datetime) -> datetime:
        return max(at, NOON + 9 * HOUR) if at > NOON + HOUR else at

    def moved(after: timedelta) -> Move:
        steps = Sequence(start=Once(at=NOON), steps=(Step(wait=HOUR), Step(wait=2 * HOUR)))
        return move(steps, Place(0, NOON), {}, NOON + after, allowed=allowed, late=4 * HOUR)

    assert moved(HOUR) == Move(W, Place(1, NOON + HOUR), NOON + 3 * HOUR, 1)
    # Nobody looked in time, and then it was night.
    assert moved(2 * HOUR) == Move(W, Place(0, NOON), NOON + 9 * HOUR)
    assert moved(9 * HOUR) == Move(W, Place(1, NOON + HOUR), NOON + 3 * HOUR, 1, TOO_LATE)


def test_conditions_are_about_what_came_after() -> None:
    assert holds((), NOON, {})
    assert holds((BOUGHT,), NOON, {"order.placed": NOON})
    assert not holds((BOUGHT,), NOON, {"order.placed": NOON + HOUR})
    assert not holds((CLICKED,), NOON, {"link_click": NOON})
    assert not holds((BOUGHT, CLICKED), NOON, {"order.placed": NOON - HOUR})


def test_the_first_step_waits_after_the_start() -> None:
    plan = Sequence(
        start=Local(day=date(2026, 12, 1), clock=time(9)), steps=(Step(wait=2 * HOUR),)
    )
    (one,) = occurrences(plan, NOON, at("2027-01-01"))
    assert due_at(plan, one, ZoneInfo("Asia/Shanghai")) == at("2026-12-01T03:00")
    assert last_due(plan, one) == at("2026-12-01T23:00")
    assert step_key(one.key, 2) == "once/2"
