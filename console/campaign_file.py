"""What came of campaigns as a file: a line for each figure of each part. Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from math import isfinite

from analytics.campaigns.results_model import Added, Counts, Findings
from desk.tickets.export import guarded

type Line = tuple[object, ...]
HEAD = (
    "campaign_id",
    "campaign",
    "run_id",
    "part",
    "key",
    "figure",
    "value",
    "low",
    "high",
    "people",
)
_NUMBERS = tuple(one.name for one in fields(Counts) if one.name != "revenue")


def as_csv(found: Sequence[Findings]) -> str:
    """Return the file; it begins with a mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for one in found:
        whose = (one.campaign_id, guarded(one.name), one.run_id or "")
        writer.writerows((*whose, *line) for line in _lines(one))
    return "\ufeff" + out.getvalue()


def _lines(found: Findings) -> Iterator[Line]:
    yield from _counts("total", "", found.total)
    for by, lines in found.by.items():
        for line in lines:
            yield from _counts(str(by), line.key, line.counts)
    for lift in found.lifts:
        yield _added("lift", lift.variant, "converted", lift.converted)
    for money in found.money:
        yield _added("lift", money.variant, f"revenue_cents.{money.currency}", money.plain)
        if money.adjusted:
            name = f"revenue_cents_adjusted.{money.currency}"
            yield _added("lift", money.variant, name, money.adjusted)
    for name in ("minutes", "handoffs"):
        yield _line("per_1000", "", name, getattr(found.load, name), people=found.total.sent)
        if caused := getattr(found.load, f"caused_{name}"):
            yield _added("lift", "", name, caused)
    for one in found.guarded:
        yield _line("guardrail", one.variant, one.guardrail.name, one.estimate, one.low, one.high)
    if found.ratio_p is not None:
        yield _line("sample_ratio", "", "p", found.ratio_p)


def _counts(part: str, key: str, counts: Counts) -> Iterator[Line]:
    for name in _NUMBERS:
        yield _line(part, key, name, getattr(counts, name), people=counts.sent)
    for currency, cents in sorted(counts.revenue.items()):
        yield _line(part, key, f"revenue_cents.{currency}", cents, people=counts.sent)


def _added(part: str, key: str, figure: str, one: Added) -> Line:
    people = one.people + one.base_people
    return _line(part, key, figure, one.estimate, one.low, one.high, people=people)


def _line(
    part: str,
    key: str,
    figure: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
    people: int | None = None,
) -> Line:
    ends = (_number(low), _number(high))
    return part, guarded(key), guarded(figure), _number(value), *ends, _number(people)


def _number(value: float | None) -> object:
    if value is None or not isfinite(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
