"""What the charts of a campaign's results show, how that was computed, and on how many people. Pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from analytics.campaigns.results_model import Added, By, Counts, Findings
from analytics.reports.picture import Form, Picture, Point
from console import campaign_figures as figures
from console.pages.insight_shown import Chart
from console.words import say

_FUNNEL = ("sent", *figures.MEASURES)
_DAILY = ("sent", "clicked", "converted")
_THOUSAND = 1_000
_LONGEST = 40

type Draw = Callable[[Findings, str], Chart]


def lines_of(found: Findings, by: By) -> dict[str, Counts]:
    """Return the lines by something, of those to whom anything was sent."""
    return {line.key: line.counts for line in found.by.get(by, ()) if line.counts.sent}


def chart(found: Findings, name: str, language: str) -> Chart:
    """Return one of ``CHARTS``."""
    return CHARTS[name](found, language)


def _funnel(found: Findings, language: str) -> Chart:
    points = [
        Point(
            say(f"campaigns.figure.{name}", language),
            "",
            getattr(found.total, name),
            figures.counted(found.total, name),
        )
        for name in _FUNNEL
    ]
    return _chart("funnel", _bars("funnel", points, language), found.total.sent, language)


def _by(by: By, found: Findings, language: str) -> Chart:
    lines = lines_of(found, by)
    name = figures.told_best(lines)
    points = [
        Point(
            _short(figures.key(by, key, language)),
            "",
            100 * (counts.share(name) or 0.0),
            figures.counted(counts, name),
        )
        for key, counts in lines.items()
    ]
    title = say(f"campaigns.figure.{name}", language)
    picture = _bars(f"by_{by}", points, language, what=title)
    return _chart("by", picture, sum(one.sent for one in lines.values()), language)


def _days(found: Findings, language: str) -> Chart:
    lines = lines_of(found, By.DAY)
    names = {name: say(f"campaigns.figure.{name}", language) for name in _DAILY}
    points = [
        Point(day, names[name], getattr(counts, name), f"{getattr(counts, name):,}")
        for day, counts in lines.items()
        for name in _DAILY
    ]
    picture = Picture(
        form=Form.LINES,
        title=say("campaigns.chart.days", language),
        description="; ".join(f"{one.at} {one.series}: {one.text}" for one in points),
        unit=say("campaigns.people", language),
        order=tuple(names.values()),
        points=tuple(points),
        language=language,
    )
    return _chart("days", picture, found.total.sent, language)


def _lift(found: Findings, language: str) -> Chart:
    rows = [(_arm(one.variant, language), one.converted) for one in found.lifts]
    return _between("lift", rows, 100, figures.points, language)


def _money(found: Findings, language: str) -> Chart:
    several = len({one.currency for one in found.money}) > 1
    rows = [
        (
            _arm(one.variant, language) + (f", {one.currency}" if several else ""),
            one.adjusted or one.plain,
        )
        for one in found.money
    ]
    return _between("money", rows, 0.01, figures.cash, language)


def _arm(variant: str, language: str) -> str:
    return figures.key(By.VARIANT, variant, language)


def _support(found: Findings, language: str) -> Chart:
    lines = lines_of(found, By.VARIANT)
    points = [
        Point(
            _short(figures.key(By.VARIANT, key, language)),
            "",
            _THOUSAND * counts.minutes / counts.sent,
            figures.per_thousand(counts.minutes, counts),
        )
        for key, counts in lines.items()
    ]
    people = sum(one.sent for one in lines.values())
    return _chart("support", _bars("support", points, language), people, language)


def _between(
    name: str,
    rows: Sequence[tuple[str, Added]],
    times: float,
    told: Callable[[Added, str], str],
    language: str,
) -> Chart:
    points = [
        Point(
            _short(label),
            "",
            times * added.estimate,
            told(added, language),
            low=times * ends[0],
            high=times * ends[1],
        )
        for label, added in rows
        if (ends := figures.ends_of(added))
    ]
    picture = _picture(Form.BETWEEN, name, points, language)
    people = max((one.people + one.base_people for _, one in rows), default=0)
    return _chart(name, picture, people if points else 0, language)


def _bars(name: str, points: Sequence[Point], language: str, *, what: str = "") -> Picture:
    return _picture(Form.BARS, name, points, language, what=what)


def _picture(
    form: Form, name: str, points: Sequence[Point], language: str, *, what: str = ""
) -> Picture:
    return Picture(
        form=form,
        title=say(f"campaigns.chart.{name}", language, what=what),
        description="; ".join(f"{one.at}: {one.text}" for one in points),
        unit=what or say(f"campaigns.unit.{name}", language),
        order=tuple(one.at for one in points),
        points=tuple(points),
        language=language,
    )


def _chart(how: str, picture: Picture, people: int, language: str) -> Chart:
    return Chart(picture=picture, how=say(f"campaigns.how.{how}", language), people=people)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


CHARTS: Mapping[str, Draw] = {
    "funnel": _funnel,
    "lift": _lift,
    "money": _money,
    "support": _support,
    "days": _days,
    **{
        str(by): partial(_by, by)
        for by in (By.VARIANT, By.CHANNEL, By.LANGUAGE, By.HOUR, By.RUN, By.PART)
    },
}
"""By name, as addresses have it."""
