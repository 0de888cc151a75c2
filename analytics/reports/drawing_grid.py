"""Draws a table of values as a grid of cells, the darker the more."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from analytics.reports.picture import Picture

_CELL = 30
_DARK = 0.55
"""From this share of the most on, the text of a cell has the colour of the paper."""


def grid(
    base: alt.Chart, picture: Picture, ink: Mapping[str, str], *, color: str, paper: str
) -> Any:
    """Return the grid: ``at`` names the column of a point, ``series`` its line; no value is an empty cell."""
    columns = list(dict.fromkeys(point.at for point in picture.points))
    most = max((point.value or 0.0 for point in picture.points), default=0.0) or 1.0
    plain: dict[str, Any] = {"ticks": False, "domain": False, "labelColor": ink["text"]}
    shared = base.transform_filter("isValid(datum.value)").encode(
        x=alt.X(
            "at:N",
            sort=columns,
            scale=alt.Scale(domain=columns, paddingInner=0.06),
            axis=alt.Axis(title=picture.across or None, orient="top", labelAngle=0, **plain),
        ),
        y=alt.Y(
            "series:N",
            sort=list(picture.order),
            scale=alt.Scale(domain=list(picture.order), paddingInner=0.06),
            axis=alt.Axis(title=picture.unit, **plain),
        ),
    )
    shade = alt.Scale(domain=[0, most], range=[ink["line"], color])
    cells = shared.mark_rect(cornerRadius=2).encode(
        color=alt.Color("value:Q", scale=shade, legend=None)
    )
    texts = shared.mark_text(fontSize=11).encode(
        text="text:N",
        color=alt.condition(
            f"datum.value > {most * _DARK}", alt.value(paper), alt.value(ink["text"])
        ),
    )
    return (cells + texts).properties(height=len(picture.order) * _CELL)
