"""Segments and their runs as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics.segments.rule import Rule, read
from desk.errors import ConflictError, InvalidError
from desk.tables.segment import SegmentRow, SegmentRunRow

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=31)


class ChangedError(ConflictError):
    """Somebody else has changed this segment meanwhile; look at it again."""


class BusyError(ConflictError):
    """This segment is being refreshed already."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What people say of a segment; ``every`` is how often it is refreshed, None when it is asked for."""

    name: str
    rule: Mapping[str, Any]
    description: str = ""
    every: timedelta | None = None

    def checked(self) -> Rule:
        """Return the rule if all is well.

        Raises:
            InvalidError: it is not; the message says what.
        """
        if not 1 <= len(self.name) <= 100:
            raise InvalidError("name: a segment needs a name of 1 to 100 characters")
        if len(self.description) > 1000:
            raise InvalidError("description: at most 1000 characters")
        if self.every is not None and not SHORTEST <= self.every <= LONGEST:
            raise InvalidError("every: refresh at most every 5 minutes and at least every 31 days")
        return read(self.rule)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """People by a rule, as they were found last."""

    id: int
    name: str
    description: str
    rule: Mapping[str, Any]
    version: int
    edition: int
    every: timedelta | None
    due_at: datetime | None
    size: int | None
    refreshed_at: datetime | None
    archived_at: datetime | None
    updated_at: datetime
    updated_by: str
    #: The last run that ended, if there was one.
    last: "Run | None" = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One refresh: how many belong, came and went, and how long it took."""

    id: int
    segment_id: int
    version: int
    started_at: datetime
    finished_at: datetime | None
    size: int | None
    entered: int
    left: int
    seconds: float | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Version:
    """A rule that a segment has or had."""

    number: int
    rule: Mapping[str, Any]
    created_at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person who belongs, and since when."""

    person_id: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Someone:
    """Who a person is, as far as it is known."""

    person_id: str
    contact_id: str | None = None
    name: str | None = None
    email: str | None = None
    country: str | None = None
    city: str | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a rule finds now: how many of how many, and some of them."""

    size: int
    people: int
    sample: tuple[Someone, ...]
    seconds: float


def segment(row: SegmentRow, last: Run | None = None) -> Segment:
    """Return a row as a value."""
    seconds = row.refresh_seconds
    return Segment(
        id=row.id,
        name=row.name,
        description=row.description,
        rule=row.rule,
        version=row.version,
        edition=row.edition,
        every=None if seconds is None else timedelta(seconds=seconds),
        due_at=row.due_at,
        size=row.size,
        refreshed_at=row.refreshed_at,
        archived_at=row.archived_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        last=last,
    )


def run(row: SegmentRunRow) -> Run:
    """Return a row as a value."""
    return Run(
        id=row.id,
        segment_id=row.segment_id,
        version=row.version,
        started_at=row.started_at,
        finished_at=row.finished_at,
        size=row.size,
        entered=row.entered,
        left=row.left,
        seconds=row.seconds,
        error=row.error,
    )
