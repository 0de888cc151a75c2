"""A report: what is asked, and what is answered. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from analytics.reports.business import at, ms
from analytics.reports.columns import Columns
from analytics.reports.definitions import DIMENSIONS, OPEN, Pick
from analytics.reports.figures import Figures, Sorted, figures, reasons
from analytics.reports.groups import Ints
from analytics.reports.periods import STEPS, pieces, zone_of
from analytics.reports.span import Group, Kind
from desk.errors import InvalidError

BY = (*DIMENSIONS, *STEPS)
UNKNOWN, NOBODY = "unknown", "nobody"
"""The name of those of which nobody said what they are, and of what no agent had a hand in."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked: of ``[since, until)``, by one of :data:`BY`; ``only`` keeps what has these words."""

    since: datetime
    until: datetime
    by: str | None = None
    zone: str = "UTC"
    only: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what nobody can answer."""
        if self.since >= self.until:
            raise InvalidError("the report's first moment must be before its last")
        if self.by is not None and self.by not in BY:
            raise InvalidError(f"{self.by!r} is none of: {', '.join(BY)}")
        wrong = [name for name in self.only if name not in DIMENSIONS]
        if wrong:
            raise InvalidError(f"{wrong[0]!r} is none of: {', '.join(DIMENSIONS)}")
        zone_of(self.zone)


@dataclass(frozen=True, kw_only=True)
class StillOpen:
    """What has begun and not ended when the report is made: how many, and since when the first of them."""

    n: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Report:
    """The answer. ``as_of`` is the latest time that the log had told when it was made."""

    since: datetime
    until: datetime
    by: str | None
    zone: str
    only: Mapping[str, str]
    as_of: datetime | None
    total: Figures
    groups: Mapping[str, Figures]
    reasons: Mapping[str, int]
    open: Mapping[str, StillOpen]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all happened."""
        return not any(figure.n for figure in self.total.values()) and not self.open


def compute(
    query: Query,
    columns: Columns,
    people: Mapping[int, int],
    opened: Sequence[tuple[Group, int, int]],
    as_of: int,
) -> Report:
    """Return the report; ``columns`` has what ended in its time, ``opened`` what has not ended at all."""
    kept = _kept(columns, query.only)
    names, place = _places(query, kept)
    spans = Sorted(kept, place)
    parts = figures(spans, len(names), people) if names else []
    (total,) = figures(spans.everywhere(), 1, people)
    order = range(len(names)) if query.by in STEPS else _by_size(names, parts)
    return Report(
        since=query.since,
        until=query.until,
        by=query.by,
        zone=query.zone,
        only=dict(query.only),
        as_of=at(as_of) if as_of else None,
        total=total,
        groups={names[index]: parts[index] for index in order},
        reasons=reasons(spans, Pick((Kind.HANDOFF,))),
        open=_open(query.only, opened),
    )


def empty_word(dimension: str) -> str:
    """Return the word for what has none."""
    return NOBODY if dimension == "agent" else UNKNOWN


def _kept(columns: Columns, only: Mapping[str, str]) -> Columns:
    wanted = np.ones(len(columns.groups), dtype=bool)
    for name, word in only.items():
        words = (word, "") if word == empty_word(name) else (word,)
        wanted &= columns.groups.having(name, words)
    return columns.where(wanted[columns.group]) if only else columns


def _places(query: Query, columns: Columns) -> tuple[list[str], Ints]:
    """Return the names of the report's groups, and for each span in which it is."""
    if query.by is None:
        return [], np.zeros(len(columns.group), dtype=np.int64)
    if query.by in STEPS:
        found = pieces(ms(query.since), ms(query.until), query.by, zone_of(query.zone))
        starts = np.array([start for _, start in found], dtype=np.int64)
        return [name for name, _ in found], np.searchsorted(starts, columns.ended, "right") - 1
    codes = columns.groups.codes(query.by)[columns.group]
    words = [word or empty_word(query.by) for word in columns.groups.words(query.by)]
    present = np.unique(codes)
    names = sorted({words[code] for code in present})
    index = np.array([names.index(word) if word in names else -1 for word in words] or [-1])
    return names, index[codes]


def _by_size(names: list[str], parts: Sequence[Figures]) -> list[int]:
    """Return the groups in order: the busiest first, the unknown last."""

    def busy(index: int) -> int:
        return sum(figure.n for figure in parts[index].values())

    return sorted(
        range(len(names)), key=lambda i: (names[i] in (UNKNOWN, NOBODY), -busy(i), names[i])
    )


def _open(
    only: Mapping[str, str], opened: Sequence[tuple[Group, int, int]]
) -> dict[str, StillOpen]:
    found: dict[str, StillOpen] = {}
    for group, count, since in opened:
        name = OPEN.get(Kind(group.kind))
        if name is None or any(
            (getattr(group, key) or empty_word(key)) != word for key, word in only.items()
        ):
            continue
        known = found.get(name)
        begun = at(since)
        found[name] = StillOpen(
            n=count + (known.n if known else 0),
            since=min(begun, known.since) if known else begun,
        )
    return found


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain values, times as ISO 8601 in UTC, without figures that rest on nothing."""
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "zone": report.zone,
        "by": report.by,
        "only": dict(report.only),
        "as_of": report.as_of.isoformat() if report.as_of else None,
        "total": _plain(report.total),
        "groups": {name: _plain(part) for name, part in report.groups.items()},
        "handoff_reasons": dict(report.reasons),
        "open": {
            name: {"n": each.n, "since": each.since.isoformat()}
            for name, each in report.open.items()
        },
    }


def _plain(part: Figures) -> dict[str, Any]:
    return {
        name: {key: value for key, value in vars(figure).items() if value is not None}
        for name, figure in part.items()
    }
