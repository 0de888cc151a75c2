"""The tables of the dashboard as pictures to take along: pure, from the figures to cells."""

from analytics.insight.board import Cohort, Dashboard
from analytics.reports.picture import Form, Picture, Point
from console.pages.insight_shown import Chart
from console.shown import percent
from console.words import say


def scores(board: Dashboard, _: str, language: str) -> Chart:
    """Show people by recency against frequency and money."""
    best = len(board.grid)
    points = [
        Point(str(column), str(best - line), float(people) or None, f"{people:,}")
        for line, row in enumerate(board.grid)
        for column, people in enumerate(row, start=1)
    ]
    across = say("insight.frequency_money", language)
    picture = _grid("grid", points, say("insight.recency", language), language, across)
    return Chart(picture=picture, how=say("insight.grid_how", language), people=board.buyers)


def retention(board: Dashboard, _: str, language: str) -> Chart:
    """Show who comes back, by the month of the first purchase."""
    points = [
        Point(f"+{month}", _month(cohort), share, "" if share is None else percent(share))
        for cohort in board.cohorts
        for month, share in enumerate(cohort.shares, start=1)
    ]
    return Chart(
        picture=_grid("retention", points, say("insight.cohort", language), language),
        how=say("insight.retention_how", language),
        people=sum(cohort.people for cohort in board.cohorts),
    )


def _month(cohort: Cohort) -> str:
    return f"{cohort.month} ({cohort.people:,})"


def _grid(name: str, points: list[Point], unit: str, language: str, across: str = "") -> Picture:
    return Picture(
        form=Form.GRID,
        title=say(f"insight.{name}", language),
        description="; ".join(f"{one.series}, {one.at}: {one.text}" for one in points if one.text),
        unit=unit,
        order=tuple(dict.fromkeys(one.series for one in points)),
        points=tuple(points),
        language=language,
        across=across,
    )
