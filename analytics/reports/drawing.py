"""Draws charts, in a process of its own: drawing holds Python for half a second, and takes 150 MB.

It reads one JSON order a line and answers each with a line. The process that asks never imports this.
"""

import base64
import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altair as alt
import msgspec
import vl_convert

from analytics.reports.drawing_grid import grid
from analytics.reports.order import Drawn, Order
from analytics.reports.picture import Form, Look, Picture

_LATIN = "Inter, system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_FONTS = {
    "en": _LATIN,
    # First in the list, or the PNG would take any font that has the characters.
    "zh": f"'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', {_LATIN}",
}
_INK = {
    Look.LIGHT: {"text": "#17201d", "dim": "#55615c", "line": "#dde3df"},
    Look.DARK: {"text": "#e8eeeb", "dim": "#a4b0ab", "line": "#36413d"},
}
_SERIES = {
    Look.LIGHT: ("#0f6b5c", "#2f6fce", "#b45f00"),
    Look.DARK: ("#58c9b2", "#86b3ff", "#f3bc6b"),
}
"""Told apart by people who see few colours, and 3:1 from their background."""
_BACKGROUND = {Look.LIGHT: "#ffffff", Look.DARK: "#171c1a"}
_BAR = 26
_TICKS = 5
_TIME = {
    ("day", "en"): "%b %-d",
    ("day", "zh"): "%-m月%-d日",
    ("week", "en"): "%b %-d",
    ("week", "zh"): "%-m月%-d日",
    ("month", "en"): "%b %Y",
    ("month", "zh"): "%Y年%-m月",
}


def chart(order: Order) -> dict[str, Any]:
    """Return the chart as Vega-Lite."""
    picture, look = order.picture, order.look
    values = [
        {
            "at": point.at,
            "series": point.series,
            "value": point.value,
            "text": point.text,
            "predicted": point.predicted,
            "low": point.low,
            "high": point.high,
        }
        for point in picture.points
    ]
    data = alt.InlineData(values=values)
    made = _FORMS[picture.form](alt.Chart(data), picture, order)
    ink = _INK[look]
    finished = made.properties(
        width=order.width,
        background="transparent",
        padding={"left": 4, "right": 10, "top": 4, "bottom": 4},
    )
    if order.png:  # on a page the title stands above; a picture goes its own way
        title = alt.TitleParams(picture.title, color=ink["text"], anchor="start", offset=14)
        finished = finished.properties(title=title)
    finished = finished.configure(font=_FONTS["zh" if picture.language == "zh" else "en"])
    finished = finished.configure_view(stroke=None)
    finished = finished.configure_axis(
        labelColor=ink["dim"],
        titleColor=ink["dim"],
        gridColor=ink["line"],
        domainColor=ink["line"],
        tickColor=ink["line"],
        labelFontSize=12,
        titleFontSize=12,
        titleFontWeight="normal",
        labelPadding=6,
    )
    finished = finished.configure_legend(
        labelColor=ink["text"],
        labelFontSize=12,
        symbolType="square",
        symbolStrokeWidth=0,
        labelLimit=260,
    )
    found: dict[str, Any] = finished.to_dict()
    return found


def _legend(order: Order) -> alt.Legend:
    columns = 1 if order.width < 420 else 0
    return alt.Legend(title=None, orient="top", columns=columns, offset=8)


def _color(picture: Picture, order: Order) -> alt.Color:
    scale = alt.Scale(
        domain=list(picture.order), range=list(_SERIES[order.look])[: len(picture.order)]
    )
    return alt.Color("series:N", scale=scale, sort=list(picture.order), legend=_legend(order))


def _time_axis(picture: Picture, order: Order) -> alt.X:
    language = "zh" if picture.language == "zh" else "en"
    # Left to itself the axis writes every date several times where there are few.
    days = sorted({point.at for point in picture.points})
    step = max(1, -(-len(days) // max(3, order.width // 90)))
    axis = alt.Axis(
        title=None,
        grid=False,
        format=_TIME[picture.step, language],
        labelOverlap="greedy",
        labelFlush=False,
        labelAngle=0,
        values=[_milliseconds(day) for day in days[::step]],
    )
    # Dates are read as UTC; written in the server's zone they could be those of the day before.
    return alt.X("at:T", axis=axis, scale=alt.Scale(type="utc", padding=12))


def _milliseconds(day: str) -> int:
    whole = day if len(day) > len("2026-03") else f"{day}-01"
    return round(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp() * 1000)


def _stack(base: alt.Chart, picture: Picture, order: Order) -> Any:
    days = len({point.at for point in picture.points}) or 1
    wide = max(2.0, min(36.0, order.width / days * 0.72))
    rank = {name: number for number, name in enumerate(picture.order)}
    return (
        base.transform_calculate(rank=f"{json.dumps(rank)}[datum.series]")
        .mark_bar(size=wide)
        .encode(
            x=_time_axis(picture, order),
            y=alt.Y("value:Q", stack="zero", axis=_value_axis(picture)),
            color=_color(picture, order),
            order=alt.Order("rank:Q"),
        )
        .properties(height=order.height)
    )


def _value_axis(picture: Picture) -> alt.Axis:
    if picture.form is Form.STACK:
        return alt.Axis(title=picture.unit, format="~d", **_whole_ticks(picture))
    if picture.percent:
        return alt.Axis(title=None, tickCount=_TICKS, labelExpr="datum.label + '%'")
    return alt.Axis(title=picture.unit, tickCount=_TICKS)


def _whole_ticks(picture: Picture) -> dict[str, Any]:
    """There is no half conversation: left to itself the axis of a few would say 0, 1, 1."""
    sums = Counter[str]()
    for point in picture.points:
        sums[point.at] += round(point.value or 0)
    most = max(sums.values(), default=0)
    return {"values": list(range(most + 1))} if most <= _TICKS else {"tickCount": _TICKS}


def _lines(base: alt.Chart, picture: Picture, order: Order) -> Any:
    scale = alt.Scale(domain=[0, 100]) if picture.percent else alt.Scale(zero=True, nice=True)
    shared = base.encode(
        x=_time_axis(picture, order),
        y=alt.Y("value:Q", axis=_value_axis(picture), scale=scale),
        color=_color(picture, order),
    )
    # The second line is dashed: not everybody tells colours apart.
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(
            domain=list(picture.order), range=[[1, 0], [5, 4], [2, 2]][: len(picture.order)]
        ),
        legend=None,
    )
    lines = shared.mark_line(strokeWidth=2, interpolate="linear").encode(strokeDash=dash)
    return (lines + shared.mark_point(size=28, filled=True, opacity=1)).properties(
        height=order.height
    )


def _bars(base: alt.Chart, picture: Picture, order: Order) -> Any:
    ink = _INK[order.look]
    names = alt.Y(
        "at:N",
        sort=list(picture.order),
        axis=alt.Axis(
            title=None,
            ticks=False,
            domain=False,
            labelLimit=int(order.width * 0.45),
            labelColor=ink["text"],
        ),
    )
    # Room for the words at the end of the longest bar.
    most = max((point.value or 0 for point in picture.points), default=1)
    value = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, most * 1.25]))
    shared = base.encode(y=names, x=value)
    bars = shared.mark_bar(size=16, cornerRadiusEnd=3, color=_SERIES[order.look][0])
    texts = shared.mark_text(align="left", dx=6, fontSize=12, color=ink["text"]).encode(
        text="text:N"
    )
    return (bars + texts).properties(height=max(1, len(picture.points)) * _BAR)


def _against(base: alt.Chart, picture: Picture, order: Order) -> Any:
    known = [one for one in picture.points if one.value is not None and one.predicted is not None]
    ends = [end for one in known for end in (one.value or 0.0, one.predicted or 0.0)]
    most = 1.0 if picture.percent else max(ends, default=1.0)
    form = ".0%" if picture.percent else ",.3~s"
    scale = alt.Scale(domain=[min(0.0, *ends), most], nice=True)
    axis = alt.Axis(format=form, tickCount=_TICKS)
    line = (
        alt.Chart(alt.InlineData(values=[{"x": 0.0}, {"x": most}]))
        .mark_line(color=_INK[order.look]["dim"], strokeDash=[5, 4], strokeWidth=1)
        .encode(x="x:Q", y="x:Q")
    )
    shared = base.encode(
        x=alt.X("predicted:Q", scale=scale, axis=axis, title=picture.across),
        y=alt.Y("value:Q", scale=scale, axis=axis, title=picture.unit),
    )
    color = _SERIES[order.look][0]
    marks = shared.mark_point(size=45, filled=True, opacity=1, color=color)
    return (line + shared.mark_line(color=color) + marks).properties(height=order.height)


def _between(base: alt.Chart, picture: Picture, order: Order) -> Any:
    ink, color = _INK[order.look], _SERIES[order.look][0]
    axis = alt.Axis(
        title=None, domain=False, ticks=False, labelLimit=order.width // 3, labelColor=ink["text"]
    )
    shared = base.encode(y=alt.Y("at:N", sort=list(picture.order), axis=axis))
    across = alt.Axis(title=picture.unit, tickCount=_TICKS)
    nothing = (
        alt.Chart(alt.InlineData(values=[{"x": 0.0}]))
        .mark_rule(color=ink["dim"], strokeDash=[5, 4])
        .encode(x=alt.X("x:Q"))
    )
    ends = shared.mark_rule(color=color, strokeWidth=3).encode(
        x=alt.X("low:Q", axis=across), x2="high:Q"
    )
    values = shared.mark_point(color=color, size=90, filled=True, opacity=1).encode(x="value:Q")
    return (nothing + ends + values).properties(height=max(1, len(picture.points)) * 2 * _BAR)


def _grid(base: alt.Chart, picture: Picture, order: Order) -> Any:
    color, paper = _SERIES[order.look][0], _BACKGROUND[order.look]
    return grid(base, picture, _INK[order.look], color=color, paper=paper)


_FORMS = {
    Form.STACK: _stack,
    Form.LINES: _lines,
    Form.BARS: _bars,
    Form.AGAINST: _against,
    Form.BETWEEN: _between,
    Form.GRID: _grid,
}


def draw(order: Order) -> bytes:
    """Return the chart as SVG with its title and description, or as PNG."""
    svg = vl_convert.vegalite_to_svg(chart(order))
    if order.png:
        filled = svg.replace(
            ">", f'><rect width="100%" height="100%" fill="{_BACKGROUND[order.look]}"/>', 1
        )
        drawn: bytes = vl_convert.svg_to_png(filled, scale=2)
        return drawn
    return _described(svg, order.picture).encode()


def _described(svg: str, picture: Picture) -> str:
    head, _, rest = svg.partition(">")
    title, description = _escaped(picture.title), _escaped(picture.description)
    words = f'<title id="t">{title}</title><desc id="d">{description}</desc>'
    return f'{head} role="img" aria-labelledby="t d">{words}{rest}'


def _escaped(text: str) -> str:
    clean = "".join(c for c in text if c in "\t\n" or c >= " ")
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def serve(lines: Iterable[bytes], fonts: Path | None) -> None:
    """Answer orders until there are no more."""
    if fonts is not None:
        vl_convert.register_font_directory(str(fonts))
    decoder = msgspec.json.Decoder(Order)
    for line in lines:
        try:
            answer = Drawn(data=base64.b64encode(draw(decoder.decode(line))).decode())
        except Exception as error:  # whatever it was, whoever waits must hear of it
            answer = Drawn(error=f"{type(error).__name__}: {error}"[:500])
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
