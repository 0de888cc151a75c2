"""Reports as files: comma-separated for spreadsheets, and a page that needs nothing else."""

import csv
import io
from collections.abc import Sequence

from analytics.reports.figures import Figure, Figures
from analytics.reports.report import Report
from desk.tickets.export import guarded

_FIELDS = (
    "n",
    "value",
    "median",
    "p90",
    "mean",
    "business_median",
    "business_p90",
    "business_mean",
)
ALL = "all"


def as_csv(report: Report) -> str:
    """Return one line for each figure of each group; times in seconds, shares 0 to 1.

    It begins with a mark by which spreadsheets know that it is UTF-8.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((report.by or "group", "metric", *_FIELDS))
    for name, part in (*report.groups.items(), (ALL, report.total)):
        writer.writerows(_lines(name, part))
    writer.writerows(
        (ALL, guarded(f"handoff_reason:{reason}"), count, count, *[""] * 6)
        for reason, count in report.reasons.items()
    )
    return "\ufeff" + out.getvalue()


def _lines(group: str, part: Figures) -> list[Sequence[object]]:
    return [(guarded(group), name, *_cells(figure)) for name, figure in part.items()]


def _cells(figure: Figure) -> list[object]:
    values = (getattr(figure, name) for name in _FIELDS)
    return ["" if value is None else _number(value) for value in values]


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
