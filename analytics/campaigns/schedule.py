"""When a campaign goes out, as values that are kept as JSON: ``{"version": 1, "kind": "once", "at": ...}``. Pure.

The moments that they mean are in :mod:`analytics.campaigns.occurrences`, the steps of a sequence in
:mod:`analytics.campaigns.sequence`, sentences in :mod:`analytics.campaigns.schedule_words`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator

from analytics.campaigns import cron, local
from analytics.campaigns.reading import VERSION, Part, read_as, versioned
from desk.errors import InvalidError
from desk.span import Span
from desk.tables.journey import ORDER, OURS

LONGEST_WAIT = timedelta(days=366)
MOST_STEPS = 20
_YEARS = range(2000, 2200)
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d", re.ASCII)
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def _written_out(value: Any) -> Any:
    """Refuse numbers, which would be read as seconds since 1970."""
    if isinstance(value, date | time) or (isinstance(value, str) and _WRITTEN.match(value)):
        return value
    raise ValueError(
        f"{value!r:.40} is not written as 2026-12-01, 09:00 or 2026-12-01T09:00+01:00"
    )


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} is in no time zone; write it such as 2026-12-01T09:00+01:00")
    return value


def _near[When: date](value: When) -> When:
    if value.year not in _YEARS:
        raise ValueError(f"the year {value.year} is not from {_YEARS[0]} to {_YEARS[-1]}")
    return value


def _minutes(value: time) -> time:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError(f"{value} is not a time of the day such as 09:00")
    return value


def _zone(value: str) -> str:
    try:
        local.zone_of(value)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return value


def _cron(value: str) -> str:
    try:
        cron.parse(value)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return " ".join(value.split())


def span_text(span: timedelta) -> str:
    """Return a length of time as people write it: ``7d``, ``90m``."""
    seconds = int(span.total_seconds())
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


At = Annotated[
    datetime,
    BeforeValidator(_written_out),
    AfterValidator(_aware),
    AfterValidator(_near),
    AfterValidator(lambda at: at.astimezone(UTC)),
]
Day = Annotated[date, BeforeValidator(_written_out), AfterValidator(_near)]
Clock = Annotated[time, BeforeValidator(_written_out), AfterValidator(_minutes)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Wait = Annotated[
    Span,
    Field(ge=timedelta(), le=LONGEST_WAIT),
    PlainSerializer(span_text, return_type=str),
]
EventName = Annotated[
    str,
    Field(pattern=r"^[a-z_]{1,64}(\.[a-z_]{1,64})?$"),
    AfterValidator(lambda name: ORDER if name == "order" else name),
]
"""An event of the desk's log, imported behaviour, or ``order.placed``, for which ``order`` will do."""


class Condition(Part):
    """Something happened, or did not, since the event or the step before."""

    event: EventName
    happened: bool = True


Conditions = Annotated[tuple[Condition, ...], Field(max_length=10)]


class Once(Part):
    """At one moment for everybody, in UTC."""

    kind: Literal["once"] = "once"
    at: At


class Local(Part):
    """On a date when the clock of each contact's own zone shows ``clock``; unknown zones are ``default_zone``."""

    kind: Literal["local"] = "local"
    day: Day
    clock: Clock
    default_zone: Zone = "UTC"


class Recurring(Part):
    """Again and again, at most once on a local date of ``zone``; ``cron`` has five fields."""

    kind: Literal["recurring"] = "recurring"
    cron: Annotated[str, Field(max_length=200), AfterValidator(_cron)]
    zone: Zone


class AfterEvent(Part):
    """So long after an event of a contact's; ``first``: only the first of its kind in their life.

    The conditions are about what happened between the event and then; those of a sequence's start are asked with its
    first step. Only what happens after the launch counts, and up to ``until`` if that is given.
    """

    kind: Literal["after_event"] = "after_event"
    event: EventName
    delay: Wait
    first: bool = False
    conditions: Conditions = ()
    until: At | None = None

    @field_validator("event")
    @classmethod
    def _ends(cls, value: str) -> str:
        if value in OURS:
            raise ValueError(
                f"{value} follows from each message of a campaign; that would never end"
            )
        return value


class Otherwise(StrEnum):
    """What follows when the conditions of a step do not hold."""

    SKIP = "skip"
    END = "end"


class Step(Part):
    """One message of a sequence: so long after the one before (the first: after the start), if all conditions hold."""

    wait: Wait
    conditions: Conditions = ()
    otherwise: Otherwise = Otherwise.END


type Start = Once | Local | Recurring | AfterEvent


class Sequence(Part):
    """Several messages, one after the other."""

    kind: Literal["sequence"] = "sequence"
    start: Annotated[Once | Local | Recurring | AfterEvent, Field(discriminator="kind")]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]


type Schedule = Start | Sequence
type Followed = AfterEvent | Sequence
"""What goes on for each contact by themselves."""

KINDS: Mapping[str, type[Part]] = {
    "once": Once,
    "local": Local,
    "recurring": Recurring,
    "after_event": AfterEvent,
    "sequence": Sequence,
}


def read(given: Any) -> Schedule:
    """Return a schedule from JSON, or raise InvalidError with the place and what to write there."""
    fields = versioned(given, "a schedule")
    model = KINDS.get(str(fields.get("kind")))
    if model is None:
        raise InvalidError(f"kind: {fields.get('kind')!r:.40} is none of: {', '.join(KINDS)}")
    return cast(Schedule, read_as(model, fields))


def written(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as JSON."""
    return {"version": VERSION, **schedule.model_dump(mode="json")}
