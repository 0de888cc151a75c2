"""Charts of experiments: what each variant adds, how that was known over time, and whom a treatment changes."""

from typing import Any

import altair as alt

from analytics.analyses.ab import AbReport, Lift
from analytics.analyses.uplift import UpliftReport

_MAIN, _SECOND, _INK, _DIM = "#0f6b5c", "#b45f00", "#17201d", "#55615c"
_FAINT = "#9bc4bb"
_PALETTE = (_MAIN, _SECOND, "#4a57a6", "#9b3d6b", "#6d7a16", "#3f7fa3", "#8a5a44")
_WIDE, _HIGH, _ROW = 420, 260, 44


def ab(report: AbReport) -> alt.TopLevelMixin:
    """Draw what each variant adds to each outcome and, where there is a time, how the first was known over it."""
    drawn = [
        _intervals(metric.name, metric.lifts, percent=metric.binary) for metric in report.metrics
    ]
    if report.looks:
        drawn.append(_sequence(report))
    # Otherwise the colours of the last would be explained above the first.
    told: alt.TopLevelMixin = alt.vconcat(*drawn, spacing=30).resolve_scale(color="independent")
    return told


def _intervals(name: str, lifts: tuple[Lift, ...], *, percent: bool) -> Any:
    values = [
        {
            "variant": one.variant,
            "low": one.added.low,
            "high": one.added.high,
            "always_low": one.added.always_low,
            "always_high": one.added.always_high,
            "estimate": one.added.estimate,
        }
        for one in lifts
    ]
    form = "+.1%" if percent else "+,.3~g"
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("variant:N", title=None, sort=None, axis=alt.Axis(ticks=False, labelColor=_INK))
    )
    axis = alt.X(
        "always_low:Q",
        title="added to the control's mean"
        if not percent
        else "added to the control's rate, in percentage points",
        axis=alt.Axis(format=form, tickCount=6),
        scale=alt.Scale(zero=True, nice=True),
    )
    always = base.mark_rule(color=_FAINT, strokeWidth=9).encode(x=axis, x2="always_high:Q")
    fixed = base.mark_rule(color=_MAIN, strokeWidth=3).encode(x="low:Q", x2="high:Q")
    dot = base.mark_point(color=_MAIN, filled=True, size=90, opacity=1).encode(x="estimate:Q")
    text = base.mark_text(dy=-16, color=_INK).encode(
        x="estimate:Q", text=alt.Text("estimate:Q", format=form)
    )
    return (_zero("x") + always + fixed + dot + text).properties(
        width=_WIDE,
        height=max(70, _ROW * 1.4 * len(values)),
        title=f"{name}: wide bars hold however often you look, dark lines for one look at the end",
    )


def _sequence(report: AbReport) -> Any:
    values = [
        {
            "variant": one.variant,
            "at": one.at.isoformat(),
            "estimate": one.estimate,
            "low": one.low,
            "high": one.high,
        }
        for one in report.looks
        if one.low is not None and one.high is not None
    ]
    metric = report.metrics[0]
    # The first looks know next to nothing: drawn in full they would flatten all that follows.
    late = values[len(values) // 6 :] or values
    ends = [float(one[end]) for one in late for end in ("low", "high")]  # type: ignore[arg-type]
    names = list(dict.fromkeys(str(one["variant"]) for one in values))
    colour = alt.Color(
        "variant:N",
        title=None,
        sort=names,
        scale=alt.Scale(domain=names, range=list(_PALETTE[: len(names)])),
        legend=alt.Legend(orient="top") if len(names) > 1 else None,
    )
    scale = alt.Scale(domain=[min([*ends, 0]), max([*ends, 0])], clamp=True, nice=True)
    form = "+.1%" if metric.binary else "+,.3~g"
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("at:T", title=None), color=colour
    )
    band = base.mark_area(opacity=0.22, clip=True).encode(
        y=alt.Y("low:Q", scale=scale, axis=alt.Axis(format=form), title="added to the control"),
        y2="high:Q",
    )
    line = base.mark_line(clip=True).encode(y=alt.Y("estimate:Q", scale=scale))
    return (_zero("y") + band + line).properties(
        width=_WIDE,
        height=_HIGH,
        title=f"{metric.name} over time: proved once the band leaves 0",
    )


def uplift(report: UpliftReport) -> alt.TopLevelMixin:
    """Draw the Qini curve of each way to choose, and the uplift among the first it would treat."""
    names = [way.name for way in report.ways]
    curves = [
        {"way": way.name, "share": share, "gained": gained}
        for way in report.ways
        for share, gained in zip(report.grid, way.curve, strict=True)
    ]
    colour = alt.Color(
        "way:N",
        title=None,
        sort=names,
        scale=alt.Scale(domain=names, range=[_MAIN, _SECOND, "#4a57a6", "#9aa5a0"]),
        legend=alt.Legend(orient="top", columns=2),
    )
    lines = (
        alt.Chart(alt.InlineData(values=curves))
        .mark_line()
        .encode(
            x=alt.X("share:Q", axis=alt.Axis(format=".0%"), title="share of contacts treated"),
            y=alt.Y("gained:Q", title=f"{report.outcome} gained per 1,000 contacts"),
            color=colour,
        )
    )
    end = report.ways[0].curve[-1]
    ends = [{"share": 0.0, "gained": 0.0}, {"share": 1.0, "gained": end}]
    straight = (
        alt.Chart(alt.InlineData(values=ends))
        .mark_line(color=_DIM, strokeDash=[5, 4])
        .encode(x="share:Q", y="gained:Q")
    )
    curve = (straight + lines).properties(
        width=_WIDE, height=_HIGH * 1.15, title="Qini curves (the dashed line is chance)"
    )
    return alt.hconcat(curve, _bars(report, colour), spacing=36)


def _bars(report: UpliftReport, colour: alt.Color) -> Any:
    values = [
        {"way": way.name, "share": f"best {share:.0%}", "uplift": uplift}
        for way in report.ways
        for share, uplift in zip(report.shares, way.uplift, strict=True)
        if uplift is not None
    ]
    names = [way.name for way in report.ways]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("share:N", title=None, sort=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("way:N", sort=names),
        y=alt.Y("uplift:Q", title="rate of treated - others", axis=alt.Axis(format="+.1%")),
        color=colour,
    )
    average = (
        alt.Chart(alt.InlineData(values=[{"effect": report.effect}]))
        .mark_rule(color=_DIM, strokeDash=[5, 4])
        .encode(y="effect:Q")
    )
    return (base.mark_bar() + average).properties(
        width=320, height=_HIGH * 1.15, title="Uplift among the best (dashed: of all)"
    )


def _zero(side: str) -> Any:
    base = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=_DIM)
    return base.encode(**{side: alt.X("zero:Q") if side == "x" else alt.Y("zero:Q")})
