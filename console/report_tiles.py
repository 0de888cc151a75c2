"""A tile of the report: a figure, what it rests on, and how it changed. Pure."""

from dataclasses import dataclass

from analytics.reports import shown, words
from analytics.reports.definitions import BY_NAME, Measure
from analytics.reports.figures import Figure
from console.report_choice import Choice
from console.words import say

_SHARES = frozenset({Measure.SHARE, Measure.HIGH})
_COUNTS = frozenset({Measure.COUNT, Measure.SUM, Measure.CUSTOMERS})
_LITTLE = 0.005


@dataclass(frozen=True, kw_only=True)
class Tile:
    """``mood`` is ``good``, ``bad`` or nothing; ``way`` is ``up``, ``down`` or nothing."""

    name: str
    value: str
    note: str
    change: str
    way: str = ""
    mood: str = ""


def tile(name: str, now: Figure, before: Figure, choice: Choice, language: str) -> Tile:
    """Return the tile of a metric, with the change to the time of equal length before."""
    business = choice.business
    new = shown.value_of(name, now, business=business)
    old = shown.value_of(name, before, business=business)
    text, way = _change(name, new, old, language)
    better = {"up": 1, "down": -1}.get(way, 0) * BY_NAME[name].good
    return Tile(
        name=words.name(name, language),
        value=shown.of_metric(name, new, language),
        note=_note(name, now, language, business=business),
        change=text,
        way=way,
        mood={1: "good", -1: "bad"}.get(better, ""),
    )


def _note(name: str, figure: Figure, language: str, *, business: bool) -> str:
    measure = BY_NAME[name].measure
    if not figure.n or measure in _COUNTS:
        return ""
    if measure is Measure.TIME:
        p90 = figure.business_p90 if business else figure.p90
        slow = shown.time(p90, language)
        return say("reports.note_time", language, n=shown.number(figure.n), p90=slow)
    return say("reports.note_of", language, n=shown.number(figure.n))


def _change(name: str, new: float | None, old: float | None, language: str) -> tuple[str, str]:
    """Return the change in words and its way: of shares in points, of others in percent."""
    if new is None or old is None:
        return "", ""
    measure = BY_NAME[name].measure
    if measure in _SHARES or measure is Measure.NPS:
        points = (new - old) * (1 if measure is Measure.NPS else 100)
        if abs(points) < _LITTLE * 10:
            return say("reports.same", language), ""
        return say("reports.points", language, n=f"{points:+.1f}"), "up" if points > 0 else "down"
    if not old:
        return "", ""
    part = (new - old) / old
    if abs(part) < _LITTLE:
        return say("reports.same", language), ""
    return f"{100 * part:+,.0f}%", "up" if part > 0 else "down"
