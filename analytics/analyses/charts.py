"""Charts of analyses, written to a file as SVG, PNG or a page that needs no network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from analytics.analyses.clusters import ClustersReport
from analytics.analyses.clv import ValueReport
from analytics.analyses.profile import ColumnProfile, ProfileReport
from analytics.analyses.respond import RespondReport
from analytics.analyses.rfm import RfmReport
from analytics.analyses.value import AmountReport
from analytics.insight.predict.drivers import Importance
from analytics.insight.predict.measures import Bin
from desk.errors import InvalidError

_FONT = "Inter, system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_MAIN, _SECOND, _INK, _DIM, _LINE = "#0f6b5c", "#b45f00", "#17201d", "#55615c", "#dde3df"
_WIDE, _HIGH = 420, 240
_ROW = 24
_MOST = 20
_MOST_COLUMNS = 24

ENDINGS = (".svg", ".png", ".html")


def check(path: Path) -> None:
    """Raise InvalidError unless a chart can be written there: better before the work than after it."""
    if path.suffix.lower() not in ENDINGS:
        raise InvalidError(f"--chart: use a file that ends in {', '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise InvalidError(f"--chart: there is no folder {path.parent}")


def write(path: Path, chart: alt.TopLevelMixin) -> None:
    """Write a chart in the format that its name ends in."""
    spec: dict[str, Any] = (
        chart.configure(font=_FONT, background="#ffffff", padding=14)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_DIM, titleColor=_DIM, gridColor=_LINE, domainColor=_LINE, tickColor=_LINE
        )
        .configure_title(color=_INK, anchor="start", offset=10)
        .to_dict()
    )
    ending = path.suffix.lower()
    if ending == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
    elif ending == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    else:
        path.write_text(vl_convert.vegalite_to_html(spec, bundle=True), encoding="utf-8")


def profile(report: ProfileReport) -> alt.TopLevelMixin:
    """Draw a small chart for each column, of the first two dozen."""
    drawn = [_column(one, report.rows) for one in report.columns[:_MOST_COLUMNS] if one.counts]
    if not drawn:
        raise InvalidError("--chart: no column has a value that could be drawn")
    return alt.concat(*drawn, columns=2, spacing=36)


def _column(column: ColumnProfile, rows: int) -> Any:
    missing = f", {column.missing / rows:.1%} missing" if column.missing else ""
    title = f"{column.name} ({column.different:,} different{missing})"
    if column.kind != "numbers":
        pairs = [(one.name, float(one.rows)) for one in column.counts[:_MOST]]
        others = column.others + sum(one.rows for one in column.counts[_MOST:])
        if column.kind == "dates":
            pairs = [(one.name, float(one.rows)) for one in column.counts]
            return _months(title, pairs)
        return bars(title, [*pairs, ("(others)", float(others))] if others else pairs, ",.0f")
    values = [{"low": one.low, "high": one.high, "rows": one.rows} for one in column.counts]
    if len(values) == 1:
        return bars(title, [(column.counts[0].name, float(column.counts[0].rows))], ",.0f")
    return (
        alt.Chart(alt.InlineData(values=values), title=title)
        .mark_bar(color=_MAIN)
        .encode(
            x=alt.X("low:Q", bin="binned", title=None),
            x2="high:Q",
            y=alt.Y("rows:Q", title="rows"),
        )
        .properties(width=_WIDE, height=_HIGH * 0.6)
    )


def _months(title: str, pairs: Sequence[tuple[str, float]]) -> Any:
    values = [{"at": name, "rows": value} for name, value in pairs]
    return (
        alt.Chart(alt.InlineData(values=values), title=title)
        .mark_bar(color=_MAIN)
        .encode(x=alt.X("at:O", title=None), y=alt.Y("rows:Q", title="rows"))
        .properties(width=_WIDE, height=_HIGH * 0.6)
    )


def rfm(report: RfmReport) -> alt.TopLevelMixin:
    """Draw the customers of each name, and how many stand at each pair of scores."""
    names = [(one.name, float(one.customers)) for one in report.groups]
    places: dict[tuple[int, int], int] = {}
    for r, f in zip(report.scored["r"].to_pylist(), report.scored["f"].to_pylist(), strict=True):
        places[r, f] = places.get((r, f), 0) + 1
    values = [{"r": r, "f": f, "customers": count} for (r, f), count in places.items()]
    grid = alt.Chart(
        alt.InlineData(values=values), title="Customers by recency and frequency"
    ).encode(
        x=alt.X("f:O", title="frequency (5 is often)", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("r:O", sort="descending", title="recency (5 is lately)"),
    )
    shade = alt.Color(
        "customers:Q", scale=alt.Scale(range=["#e3efec", _MAIN], interpolate="rgb"), legend=None
    )
    # White on the dark half of the scale, ink on the light one.
    middle = max(places.values()) * 0.75
    ink = alt.condition(f"datum.customers > {middle}", alt.value("white"), alt.value(_INK))
    cells = grid.mark_rect().encode(color=shade)
    texts = grid.mark_text().encode(text=alt.Text("customers:Q", format=",d"), color=ink)
    drawn = (cells + texts).properties(width=260, height=260)
    return alt.hconcat(bars("Customers by name", names, ",.0f"), drawn, spacing=36)


def clv(report: ValueReport) -> alt.TopLevelMixin:
    """Draw the money that each tenth of the customers will bring, and how many are likely to buy still."""
    values = [row["value"] for row in report.rows]
    size = len(values)
    edges = [round(n * size / 10) for n in range(11)]
    tenths = [
        (f"tenth {n + 1}", sum(values[edges[n] : edges[n + 1]]))
        for n in range(10)
        if edges[n + 1] > edges[n]
    ]
    alive = [0] * 10
    for row in report.rows:
        alive[min(9, int(row["alive"] * 10))] += 1
    chances = [(f"{n * 10}% to {n * 10 + 10}%", float(count)) for n, count in enumerate(alive)]
    return alt.hconcat(
        bars("Money to come, the most valuable tenth of customers first", tenths, ",.0f"),
        bars("Customers by the chance that they still buy", chances, ",.0f"),
        spacing=36,
    )


def clusters(report: ClustersReport) -> alt.TopLevelMixin:
    """Draw the size of each group and how far its means lie from the mean of all."""
    labels = [f"{one.label}: {one.name}" for one in report.groups]
    sizes = [
        (label, float(one.customers)) for label, one in zip(labels, report.groups, strict=True)
    ]
    values = []
    for feature in report.groups[0].means:
        means = [one.means[feature] for one in report.groups]
        middle = sum(m * one.share for m, one in zip(means, report.groups, strict=True))
        spread = sum(
            one.share * (m - middle) ** 2 for m, one in zip(means, report.groups, strict=True)
        )
        for label, mean in zip(labels, means, strict=True):
            far = (mean - middle) / spread**0.5 if spread else 0.0
            values.append({"group": label, "feature": feature, "far": far, "mean": mean})
    grid = alt.Chart(alt.InlineData(values=values), title="Mean of each feature").encode(
        x=alt.X("feature:N", title=None, axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("group:N", title=None, sort=labels, axis=alt.Axis(labelLimit=260)),
    )
    scale = alt.Scale(
        range=[_SECOND, "#ffffff", _MAIN], domain=[-2, 0, 2], clamp=True, interpolate="rgb"
    )
    cells = grid.mark_rect().encode(color=alt.Color("far:Q", scale=scale, legend=None))
    ink = alt.condition("abs(datum.far) > 1.7", alt.value("white"), alt.value(_INK))
    texts = grid.mark_text().encode(text=alt.Text("mean:Q", format=",.3~g"), color=ink)
    height = max(80, 34 * len(labels))
    drawn = (cells + texts).properties(width=alt.Step(78), height=height)
    return alt.vconcat(bars("Customers in each group", sizes, ",.0f"), drawn, spacing=30)


def respond(report: RespondReport) -> alt.TopLevelMixin:
    """Draw lift by tenth, calibration and what matters."""
    lifts = [
        (f"{'top ' if one.number == 1 else ''}tenth {one.number}", one.lift)
        for one in report.quality.lift
    ]
    return alt.vconcat(
        alt.hconcat(
            bars("Lift: rate of each tenth of the scores / rate of all", lifts, ".2f"),
            _calibration("Calibration", report.quality.calibration, "chance", percent=True),
            spacing=36,
        ),
        _importance(report.importance, "loss of ROC AUC without it"),
        spacing=30,
    )


def value(report: AmountReport) -> alt.TopLevelMixin:
    """Draw predicted against actual money, and what matters."""
    return alt.hconcat(
        _calibration("Predicted and actual", report.bins, "amount", percent=False),
        _importance(report.importance, "error added without it"),
        spacing=36,
    )


def _importance(found: Sequence[Importance], unit: str) -> Any:
    pairs = [(one.feature, max(0.0, one.loss)) for one in found[:_MOST]]
    return bars(f"What matters: {unit}", pairs, ".3~g")


def _calibration(title: str, found: Sequence[Bin], what: str, *, percent: bool) -> Any:
    values = [{"x": one.predicted, "y": one.actual, "rows": one.rows} for one in found]
    ends = [edge for one in found for edge in (one.predicted, one.actual)]
    low, high = min(0.0, *ends), max(ends)
    form = ".0%" if percent else ",.3~s"
    scale = alt.Scale(domain=[low, high], nice=True)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("x:Q", scale=scale, axis=alt.Axis(format=form), title=f"predicted {what}"),
        y=alt.Y("y:Q", scale=scale, axis=alt.Axis(format=form), title="what happened"),
    )
    line = (
        alt.Chart(alt.InlineData(values=[{"x": low, "y": low}, {"x": high, "y": high}]))
        .mark_line(color=_DIM, strokeDash=[5, 4])
        .encode(x="x:Q", y="y:Q")
    )
    drawn = line + base.mark_line(color=_MAIN) + base.mark_point(color=_MAIN, filled=True, size=50)
    told = f"{title} (on the dashed line it would be perfect)"
    return drawn.properties(width=300, height=300, title=told)


def bars(title: str, pairs: Sequence[tuple[str, float]], form: str) -> Any:
    """Draw values side by side, each with its name, in the order given."""
    values = [{"name": name, "value": value} for name, value in pairs]
    most = max((value for _, value in pairs), default=1.0) or 1.0
    order = list(dict.fromkeys(name for name, _ in pairs))
    base = alt.Chart(alt.InlineData(values=values), title=title).encode(
        y=alt.Y(
            "name:N",
            sort=order,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelColor=_INK, labelLimit=220),
        ),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, most * 1.25])),
    )
    texts = base.mark_text(align="left", dx=6, color=_INK).encode(
        text=alt.Text("value:Q", format=form)
    )
    drawn = base.mark_bar(size=15, cornerRadiusEnd=3, color=_MAIN) + texts
    return drawn.properties(width=_WIDE, height=max(1, len(order)) * _ROW)
