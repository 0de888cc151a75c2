"""Policies and clocks as values, and how people write a policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from desk.errors import InvalidError
from desk.span import Span
from desk.tables.sla import ClockKind, ClockOutcome
from desk.tables.ticket import TicketPriority

LONGEST_TARGET = timedelta(days=365)
RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


class Target(BaseModel):
    """How long something may take, in the time of a calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    within: Span
    calendar: Annotated[str, Field(min_length=1, max_length=80)] = "shop"

    @field_validator("within")
    @classmethod
    def _sensible(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= LONGEST_TARGET:
            raise ValueError("a target is more than nothing and at most a year")
        return value


class Policy(BaseModel):
    """What is promised to tickets of these priorities and segments; empty lists fit all."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: int | None = None
    name: Annotated[str, Field(min_length=1, max_length=100)]
    enabled: bool = True
    priorities: tuple[TicketPriority, ...] = ()
    segments: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = ()
    targets: dict[ClockKind, Target]
    warn_percent: Annotated[int, Field(ge=1, le=99)] = 80

    @field_validator("targets")
    @classmethod
    def _some(cls, value: dict[ClockKind, Target]) -> dict[ClockKind, Target]:
        if not value:
            raise ValueError("a policy needs at least one target")
        return value

    def fits(self, priority: str, segment: str | None) -> bool:
        """Say whether a ticket is promised this."""
        return (
            self.enabled
            and (not self.priorities or priority in self.priorities)
            and (not self.segments or segment in self.segments)
        )


def read(given: Mapping[str, Any]) -> Policy:
    """Check what somebody wrote.

    Raises:
        InvalidError: it is wrong; the message says where and what.
    """
    try:
        return Policy.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error


def first_fit(policies: tuple[Policy, ...], priority: str, segment: str | None) -> Policy | None:
    """Return the first policy in order that fits a ticket."""
    return next((one for one in policies if one.fits(priority, segment)), None)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A clock as pages show it. While it is paused, ``left`` is what remains, in business time."""

    id: int
    ticket_id: int
    kind: ClockKind
    number: int
    policy: str
    calendar: str
    target: timedelta
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    left: timedelta | None
    warned_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    outcome: ClockOutcome | None

    @property
    def is_running(self) -> bool:
        """Whether time passes."""
        return self.stopped_at is None and self.paused_at is None

    def state(self, now: datetime) -> str:
        """Return ``met missed dropped breached paused soon running``, the word that a page shows."""
        if self.outcome is not None:
            return self.outcome
        if self.breached_at is not None or (self.is_running and now > self.due_at):
            return "breached"
        if self.paused_at is not None:
            return "paused"
        return "soon" if self.warned_at is not None else "running"
