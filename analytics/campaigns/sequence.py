"""The steps of a sequence: which message is next for a contact, and when. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from analytics.campaigns.occurrences import is_late
from analytics.campaigns.schedule import (
    AfterEvent,
    Condition,
    Followed,
    Otherwise,
    Sequence,
    Step,
)

CONDITION = "condition"
"""A condition of the step did not hold."""
TOO_LATE = "too_late"

_STEP = re.compile(r"/(\d+)")
"""In the key of a run, see :func:`step_key`."""

type Last = Mapping[str, datetime]
"""When each event last happened to a contact, by its name."""


class Progress(StrEnum):
    """How a contact stands in a sequence."""

    WAITING = "waiting"
    DUE = "due"
    #: The conditions of a step do not hold any more.
    ENDED = "ended"
    #: There are no more steps.
    FINISHED = "finished"


@dataclass(frozen=True)
class Next:
    """What is next: ``step`` counts from 1, ``at`` is when it is or was due."""

    progress: Progress
    step: int
    at: datetime


def holds(conditions: Iterable[Condition], since: datetime, last: Last) -> bool:
    """Say whether all conditions hold by what happened after ``since``."""
    return all(
        (one.event in last and last[one.event] > since) is one.happened for one in conditions
    )


def next_step(sequence: Sequence, done: int, since: datetime, last: Last, now: datetime) -> Next:
    """Return what is next after ``done`` steps (0: none yet), the last of them sent, or the start, at ``since``.

    Conditions are asked when a step is due. A step that is skipped counts as done when it was due.
    """
    at = since
    for number, step in enumerate(sequence.steps[done:], done + 1):
        at = since + step.wait
        if now < at:
            return Next(Progress.WAITING, number, at)
        if holds(step.conditions, since, last):
            return Next(Progress.DUE, number, at)
        if step.otherwise is Otherwise.END:
            return Next(Progress.ENDED, number, at)
        since = at
    return Next(Progress.FINISHED, len(sequence.steps), at)


def step_key(occurrence_key: str, step: int) -> str:
    """Return the key of one step of an occurrence: each is sent once."""
    return f"{occurrence_key}/{step}"


def is_later_step(run_key: str) -> bool:
    """Say whether a run is of a step behind the first."""
    step = _STEP.search(run_key)
    return step is not None and int(step[1]) > 1


def steps_of(schedule: Followed) -> Sequence:
    """Return all steps from what sets them off: the first waits after the event itself."""
    if isinstance(schedule, AfterEvent):
        only = Step(wait=schedule.delay, conditions=schedule.conditions)
        return Sequence(start=schedule, steps=(only,))
    start, first = schedule.start, schedule.steps[0]
    if not isinstance(start, AfterEvent):
        return schedule
    values = {
        "wait": start.delay + first.wait,
        "conditions": (*start.conditions, *first.conditions),
        "otherwise": Otherwise.END if start.conditions else first.otherwise,
    }
    steps = (first.model_copy(update=values), *schedule.steps[1:])
    return schedule.model_copy(update={"steps": steps})


@dataclass(frozen=True)
class Place:
    """So many steps are behind somebody, the last of them (or what set them off) at ``since``."""

    done: int
    since: datetime


@dataclass(frozen=True)
class Move:
    """Where somebody is now, and when to look again; if they came to a step, which, and why nothing is said.

    They came to it at the moment since which they are at their place.
    """

    progress: Progress
    place: Place
    due_at: datetime
    step: int | None = None
    reason: str | None = None


def move(
    sequence: Sequence,
    place: Place,
    last: Last,
    now: datetime,
    *,
    allowed: Callable[[datetime], datetime],
    late: timedelta,
) -> Move:
    """Return where somebody gets to, at most one step on.

    What would fall into quiet hours is due, and is asked, at the first moment after them that is ``allowed``; what was
    due before them and is looked at in them is asked then, too, and may be too late.
    """
    number = place.done + 1
    at = allowed(place.since + sequence.steps[place.done].wait)
    asked = allowed(max(at, now))
    if now < asked:
        return Move(Progress.WAITING, place, asked)
    found = next_step(sequence, place.done, place.since, last, now)
    here = (found.progress, found.step)
    if here == (Progress.ENDED, number):
        return Move(Progress.ENDED, Place(place.done, at), at, number, CONDITION)
    reason = TOO_LATE if is_late(at, now, late) else None
    if here != (Progress.DUE, number):
        reason = CONDITION
    there = Place(number, at)
    if number == len(sequence.steps):
        return Move(Progress.FINISHED, there, at, number, reason)
    return Move(Progress.WAITING, there, at + sequence.steps[number].wait, number, reason)
