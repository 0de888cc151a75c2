"""A report as one HTML file that needs nothing else: tiles, charts, tables. In English."""

import base64
from html import escape
from string import Template

from analytics.reports import picture, shown, words
from analytics.reports.charts import Charts
from analytics.reports.definitions import BY_NAME, METRICS, Measure
from analytics.reports.figures import Figure, Figures
from analytics.reports.order import Order
from analytics.reports.picture import Look, Picture
from analytics.reports.report import Report
from analytics.reports.table import by_group
from desk.errors import FrontdeskError

_PAGE = Template(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>$title</title><style>
:root{color-scheme:light dark;--bg:#f5f7f5;--card:#fff;--ink:#17201d;--dim:#55615c;--line:#dde3df}
@media(prefers-color-scheme:dark){:root{--bg:#0f1312;--card:#171c1a;--ink:#e8eeeb;--dim:#a4b0ab;--line:#2c3532}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 16px 64px}h1{font-size:24px;margin:0 0 4px}
h2{font-size:16px;margin:0 0 12px}p{margin:0 0 20px;color:var(--dim)}
section,.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px;margin:0 0 16px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px;margin-bottom:16px}
.tile{margin:0;padding:16px}.tile b{display:block;font-size:24px;font-weight:650}
.tile span,.tile small{color:var(--dim);font-size:13px}.wide{overflow-x:auto}img{width:100%;height:auto}
table{width:100%;border-collapse:collapse;font-size:13px}th,td{padding:8px 10px;text-align:right;white-space:nowrap;
border-top:1px solid var(--line);font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}
thead th{border:0;color:var(--dim);font-weight:600}tbody th{font-weight:500}
</style></head><body><main><h1>$title</h1><p>$lead</p>$body</main></body></html>
"""
)
_TILES = (
    "ended",
    "containment",
    "first_response",
    "next_response",
    "resolution",
    "handoff_rate",
    "reopen_rate",
    "sla_hit_rate",
    "csat",
    "nps",
)
GROUPED = (
    "ended",
    "first_response",
    "next_response",
    "handling",
    "resolution",
    "ticket_reply",
    "ticket_resolution",
    "containment",
    "handoff_rate",
    "reopen_rate",
    "sla_hit_rate",
    "csat",
    "nps",
)
"""The columns of a report by something, where there is room for all of them."""
_WIDTH = 980


async def as_html(report: Report, by_time: Report, *, business: bool, charts: Charts) -> str:
    """Return a report as a page; ``by_time`` is the same by day, week or month, for the charts."""
    last = report.until.strftime("%Y-%m-%d %H:%M")
    lead = f"{report.since:%Y-%m-%d %H:%M} to {last} UTC, days of {report.zone}"
    if business:
        lead += ", times in business hours"
    pictures = [
        picture.ended(by_time, "en"),
        *(
            picture.times(by_time, name, words.name(name, "en"), "en", business=business)
            for name in ("first_response", "resolution")
        ),
        picture.csat(by_time, "en"),
        picture.reasons(report, "en"),
    ]
    drawn = [await _drawn(each, charts) for each in pictures if not each.is_empty]
    body = "".join((_tiles(report, business), *drawn, *_tables(report, business)))
    if report.is_empty:
        body = "<section><h2>Nothing happened in this time.</h2></section>"
    return _PAGE.substitute(title="How the desk did", lead=escape(lead), body=body)


def _tiles(report: Report, business: bool) -> str:
    tiles = []
    for name in _TILES:
        figure = report.total[name]
        if figure.n:
            value = shown.headline(name, figure, business=business)
            note = escape(_note(name, figure, business))
            title = escape(words.name(name, "en"))
            told = f"<span>{title}</span><b>{escape(value)}</b><small>{note}</small>"
            tiles.append(f'<div class="tile">{told}</div>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _note(name: str, figure: Figure, business: bool) -> str:
    if BY_NAME[name].measure is Measure.TIME:
        p90 = figure.business_p90 if business else figure.p90
        return f"median of {figure.n:,}; 90% within {shown.time(p90)}"
    return f"of {figure.n:,}" if BY_NAME[name].measure is not Measure.COUNT else ""


async def _drawn(each: Picture, charts: Charts) -> str:
    try:
        light, dark = [await _address(each, look, charts) for look in Look]
    except FrontdeskError:
        return ""  # the tables have the same figures
    text = escape(f"{each.title}. {each.description}", quote=True)
    sources = f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
    image = f'<img src="{light}" alt="{text}">'
    return f"<section><h2>{escape(each.title)}</h2><picture>{sources}{image}</picture></section>"


async def _address(each: Picture, look: Look, charts: Charts) -> str:
    svg = await charts.draw(Order(each, look=look, width=_WIDTH))
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _tables(report: Report, business: bool) -> list[str]:
    tables = [
        _table("All figures", ("", "n", "value", "90%", "mean"), _rows(report.total, business))
    ]
    if report.by:
        found = by_group(report, GROUPED, business=business)
        heads = ("", *(words.short(name, "en") for name in found.columns))
        rows = [(name, *values) for name, values in found.rows]
        tables.insert(0, _table(f"By {report.by}", heads, rows))
    return tables


def _rows(total: Figures, business: bool) -> list[tuple[str, ...]]:
    return [
        (
            words.name(metric.name, "en"),
            f"{figure.n:,}",
            *cells(metric.name, figure, business=business),
        )
        for metric in METRICS
        if (figure := total[metric.name]).n
    ]


def cells(
    name: str, figure: Figure, *, business: bool, language: str = "en"
) -> tuple[str, str, str]:
    """Return what stands in a table for a metric: its value and, of times and values, 90% and mean."""
    measure = BY_NAME[name].measure
    value = shown.of_metric(name, shown.value_of(name, figure, business=business), language)
    if measure not in (Measure.TIME, Measure.VALUE):
        return value, "", ""
    timed = business and measure is Measure.TIME
    p90 = figure.business_p90 if timed else figure.p90
    mean = figure.business_mean if timed else figure.mean
    return value, shown.of_metric(name, p90, language), shown.of_metric(name, mean, language)


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(_table_row(row) for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<section><h2>{escape(title)}</h2><div class="wide">{table}</div></section>'


def _table_row(row: tuple[str, ...]) -> str:
    cells_ = "".join(f"<td>{escape(text)}</td>" for text in row[1:])
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells_}</tr>'
