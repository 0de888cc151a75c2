"""What the pages of reports need, handed over once."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.reports.charts import Charts
from analytics.reports.service import Reports


@dataclass(frozen=True, kw_only=True)
class ReportDesk:
    """Who computes, who draws, and whose days are counted: the name of a time zone."""

    reports: Reports
    charts: Charts
    zone: Callable[[], str]
