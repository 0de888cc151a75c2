"""What a chart shows, before it is drawn: points, words and a look. Pure, and cheap: nothing is drawn here."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from analytics.reports import shown, words
from analytics.reports.definitions import BY_NAME, Measure
from analytics.reports.report import Report

_PERCENT = 100
_MOST_BARS = 12
_UNITS = (
    (86_400 * 2, 86_400, "days"),
    (7_200, 3_600, "hours"),
    (120, 60, "minutes"),
    (0, 1, "seconds"),
)


class Form(StrEnum):
    """How points are drawn."""

    #: Counts over time, one upon the other.
    STACK = "stack"
    #: Values over time.
    LINES = "lines"
    #: Values side by side, each with its name.
    BARS = "bars"
    #: What happened against what was predicted; on the dashed line both are equal.
    AGAINST = "against"
    #: Values with the ends between which they lie, each with its name; left of the dashed line is less than nothing.
    BETWEEN = "between"
    #: Values in columns and lines, the darker the more.
    GRID = "grid"


class Look(StrEnum):
    """On which background."""

    LIGHT = "light"
    DARK = "dark"


class Point(Struct, frozen=True):
    """``at`` is a name or a date, ``series`` which line it belongs to; no value is a gap."""

    at: str
    series: str
    value: float | None
    #: The value as people read it.
    text: str
    #: What was predicted, where that is drawn against the value.
    predicted: float | None = None
    #: The ends between which the value lies.
    low: float | None = None
    high: float | None = None


class Picture(Struct, frozen=True):
    """A chart. ``order`` names its series as they follow each other, ``unit`` what is counted."""

    form: Form
    title: str
    description: str
    unit: str
    order: tuple[str, ...]
    points: tuple[Point, ...]
    language: str = "en"
    #: The step of time, for the words on the axis.
    step: str = "day"
    #: What is told along the other axis, where there are two.
    across: str = ""
    percent: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(point.value or point.high for point in self.points)


def ended(report: Report, language: str) -> Picture:
    """Show who ended the conversations of each day: the assistant alone, people, nobody."""
    series: tuple[str, ...] = ("ended_bot", "ended_human", "ended_nobody")
    if not report.total["ended_nobody"].n:
        series = series[:2]
    points = [
        Point(day, words.name(name, language), part[name].value, shown.number(part[name].value))
        for day, part in report.groups.items()
        for name in series
    ]
    sums = ", ".join(
        f"{words.name(name, language)}: {shown.number(report.total[name].value)}"
        for name in series
    )
    return Picture(
        form=Form.STACK,
        title=words.chart("ended", language),
        description=sums,
        unit=words.chart("conversations", language),
        order=tuple(words.name(name, language) for name in series),
        points=tuple(points),
        language=language,
        step=report.by or "day",
    )


def times(report: Report, metric: str, title: str, language: str, *, business: bool) -> Picture:
    """Show median and 90th percentile of a time over time."""
    fields = (
        ("median", "business_median" if business else "median"),
        ("p90", "business_p90" if business else "p90"),
    )
    values = [
        getattr(part[metric], field) for part in report.groups.values() for _, field in fields
    ]
    most = max((value for value in values if value is not None), default=0.0)
    size, unit = next((size, unit) for above, size, unit in _UNITS if most >= above)
    points = [
        Point(
            day, words.chart(series, language), _scaled(value, size), shown.time(value, language)
        )
        for day, part in report.groups.items()
        for series, field in fields
        for value in (getattr(part[metric], field),)
    ]
    total = report.total[metric]
    told = "; ".join(
        f"{words.chart(series, language)}: {shown.time(getattr(total, field), language)}"
        for series, field in fields
    )
    return Picture(
        form=Form.LINES,
        title=title,
        description=told,
        unit=words.chart(unit, language),
        order=tuple(words.chart(series, language) for series, _ in fields),
        points=tuple(points),
        language=language,
        step=report.by or "day",
    )


def _scaled(value: float | None, size: float) -> float | None:
    return None if value is None else value / size


def csat(report: Report, language: str) -> Picture:
    """Show the share of satisfied customers over time, of people and of the assistant."""
    series = [name for name in ("csat_human", "csat_bot") if report.total[name].n]
    points = [
        Point(day, words.name(name, language), _scaled(value, 0.01), shown.percent(value))
        for day, part in report.groups.items()
        for name in series
        for value in (part[name].value,)
    ]
    told = "; ".join(
        f"{words.name(name, language)}: {shown.percent(report.total[name].value)} ({report.total[name].n})"
        for name in ("csat", *series)
    )
    return Picture(
        form=Form.LINES,
        title=words.chart("csat", language),
        description=told,
        unit="%",
        order=tuple(words.name(name, language) for name in series),
        points=tuple(points),
        language=language,
        step=report.by or "day",
        percent=True,
    )


def reasons(report: Report, language: str) -> Picture:
    """Show why conversations were handed over."""
    named = {words.reason(key, language): count for key, count in report.reasons.items()}
    return _bars(
        {key: (float(count), shown.number(count)) for key, count in named.items()},
        words.chart("reasons", language),
        words.chart("handoffs", language),
        language,
    )


def groups(report: Report, metric: str, language: str, *, business: bool) -> Picture:
    """Show a metric of each group of a report that is not by time."""
    found: dict[str, tuple[float, str]] = {}
    is_time = BY_NAME[metric].measure is Measure.TIME
    values = {
        words.group(key, language): shown.value_of(metric, part[metric], business=business)
        for key, part in report.groups.items()
    }
    most = max((value for value in values.values() if value is not None), default=0.0)
    size, unit = next((size, unit) for above, size, unit in _UNITS if most >= above)
    for key, value in values.items():
        if value is not None and value > 0:
            found[key] = (
                value / size if is_time else value,
                shown.of_metric(metric, value, language),
            )
    unit_word = words.chart(unit, language) if is_time else words.name(metric, language)
    return _bars(found, words.name(metric, language), unit_word, language)


def _bars(found: Mapping[str, tuple[float, str]], title: str, unit: str, language: str) -> Picture:
    ordered = sorted(found.items(), key=lambda item: -item[1][0])[:_MOST_BARS]
    return Picture(
        form=Form.BARS,
        title=title,
        description="; ".join(f"{name}: {text}" for name, (_, text) in ordered),
        unit=unit,
        order=tuple(name for name, _ in ordered),
        points=tuple(Point(name, "", value, text) for name, (value, text) in ordered),
        language=language,
    )
