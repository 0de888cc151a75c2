"""Figures as people read them."""

from analytics.reports.definitions import BY_NAME, Measure
from analytics.reports.figures import Figure

NOTHING = "–"
_UNITS = {"en": ("{}d", "{}h", "{}m", "{}s", " "), "zh": ("{}天", "{}小时", "{}分", "{}秒", "")}


def time(seconds: float | None, language: str = "en") -> str:
    """Return a duration by its two largest parts: ``45s``, ``2m 05s``, ``3h 10m``, ``2d 4h``."""
    if seconds is None:
        return NOTHING
    day, hour, minute, second, gap = _UNITS["zh" if language == "zh" else "en"]
    if 0 < seconds < 10 and round(seconds, 1) != round(seconds):
        return second.format(f"{seconds:.1f}")
    whole = round(seconds)
    if whole < 60:
        return second.format(whole)
    if whole < 3600:
        return minute.format(whole // 60) + gap + second.format(f"{whole % 60:02}")
    minutes = round(seconds / 60)
    if minutes < 1440:
        return hour.format(minutes // 60) + gap + minute.format(f"{minutes % 60:02}")
    hours = round(seconds / 3600)
    return day.format(hours // 24) + gap + hour.format(hours % 24)


def number(value: float | None) -> str:
    """Return a count, with a comma between thousands; a mean keeps one digit."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """Return a share as percent."""
    return NOTHING if share is None else f"{100 * share:.1f}%"


def signed(value: float | None) -> str:
    """Return a net promoter score with its sign."""
    return NOTHING if value is None else f"{value:+.0f}" if round(value) else "0"


_PERCENTS = frozenset({Measure.SHARE, Measure.HIGH})


def headline(name: str, figure: Figure, *, business: bool = False, language: str = "en") -> str:
    """Return the figure that stands for a metric: of a time the median, of a share the percent."""
    return of_metric(name, value_of(name, figure, business=business), language)


def value_of(name: str, figure: Figure, *, business: bool = False) -> float | None:
    """Return the value that stands for a metric, in business hours if it is a time and they are wanted."""
    timed = business and BY_NAME[name].measure is Measure.TIME
    return figure.business_median if timed else figure.value


def of_metric(name: str, value: float | None, language: str = "en") -> str:
    """Return a value of a metric as people read it."""
    metric = BY_NAME[name]
    if metric.measure is Measure.TIME:
        return time(value, language)
    if metric.measure in _PERCENTS or (metric.measure is Measure.MEAN and name != "ces"):
        return percent(value)
    if metric.measure is Measure.NPS:
        return signed(value)
    return number(value) if name != "ces" or value is None else f"{value:.2f}"
