"""A report by something as a table: one row for each group."""

from collections.abc import Sequence
from typing import NamedTuple

from analytics.reports import shown, words
from analytics.reports.definitions import DIMENSIONS
from analytics.reports.report import Report


class Table(NamedTuple):
    """``columns`` names metrics; every row is a group's name and its figures as people read them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def by_group(
    report: Report, metrics: Sequence[str], *, business: bool, language: str = "en"
) -> Table:
    """Return the table of some metrics, without those nobody has and without groups that have none of them.

    Days, weeks and months stay, also when nothing happened in them.
    """
    columns = tuple(name for name in metrics if report.total[name].n)
    rows = tuple(
        (
            words.group(group, language),
            tuple(
                shown.headline(name, part[name], business=business, language=language)
                for name in columns
            ),
        )
        for group, part in report.groups.items()
        if report.by not in DIMENSIONS or any(part[name].n for name in columns)
    )
    return Table(columns, rows)
