"""Reports: how the desk does, as tiles, charts and tables, to look at and to take along."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.reports import picture, shown, words
from analytics.reports.charts import version
from analytics.reports.definitions import BY_NAME, DIMENSIONS, METRICS, Measure
from analytics.reports.export import as_csv
from analytics.reports.figures import Figure
from analytics.reports.order import Order
from analytics.reports.page import cells
from analytics.reports.picture import Look, Picture
from analytics.reports.report import Report
from analytics.reports.table import by_group
from console.gate import Gate
from console.render import HEADERS, Renderer
from console.report_choice import OWN, PERIODS, Choice, choice_of
from console.report_desk import ReportDesk
from console.report_tiles import tile
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.clock import Clock
from desk.errors import NotFoundError

TILES = (
    "conversations",
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
COLUMNS = (
    "ended",
    "first_response",
    "next_response",
    "handling",
    "resolution",
    "ticket_reply",
    "ticket_resolution",
    "reopen_rate",
    "sla_hit_rate",
    "csat",
)
"""Of the table by agent, team and so on."""
_WIDE, _NARROW = (1000, 240), (340, 220)

type Made = Callable[[Report, Report, Choice, str], Picture]


def _time(metric: str) -> Made:
    def made(_: Report, over_time: Report, choice: Choice, language: str) -> Picture:
        title = words.name(metric, language)
        return picture.times(over_time, metric, title, language, business=choice.business)

    return made


CHARTS: dict[str, Made] = {
    "ended": lambda _, over_time, __, language: picture.ended(over_time, language),
    "first_response": _time("first_response"),
    "resolution": _time("resolution"),
    "csat": lambda _, over_time, __, language: picture.csat(over_time, language),
    "reasons": lambda report, _, __, language: picture.reasons(report, language),
    "groups": lambda report, _, choice, language: picture.groups(
        report, "first_response", language, business=choice.business
    ),
}
"""By name: of the report by group, the one over time, what was chosen and the language."""


class ReportPages:
    """The page, its charts and its files."""

    def __init__(self, desk: ReportDesk, render: Renderer, clock: Clock) -> None:
        self._desk = desk
        self._render = render
        self._clock = clock

    async def show(self, visit: Visit) -> Response:
        """Show the report."""
        choice, language = self._choice(visit), visit.language
        report, before = await self._desk.reports.with_before(choice.query)
        over_time = await self._desk.reports.report(choice.over_time)
        pictures = {
            name: made(report, over_time, choice, language) for name, made in CHARTS.items()
        }
        return self._render.page(
            visit,
            "reports.html",
            HTTPStatus.BAD_REQUEST if choice.wrong else HTTPStatus.OK,
            choice=choice,
            report=report,
            tiles=[
                tile(name, report.total[name], before.total[name], choice, language)
                for name in TILES
                if report.total[name].n or before.total[name].n
            ],
            charts={name: each for name, each in pictures.items() if not each.is_empty},
            versions={name: version(Order(each)) for name, each in pictures.items()},
            table=by_group(report, COLUMNS, business=choice.business, language=language),
            every=_every(report, choice, language),
            periods=(*PERIODS, OWN),
            dimensions=DIMENSIONS,
            known=await self._desk.reports.words(),
            short_name=lambda name: words.short(name, language),
            group_name=lambda name: words.group(name, language),
        )

    async def svg(self, visit: Visit) -> Response:
        """Show a chart as the page does."""
        return await self._chart(visit, png=False)

    async def png(self, visit: Visit) -> Response:
        """Give a chart away as a picture."""
        return await self._chart(visit, png=True)

    async def csv(self, visit: Visit) -> Response:
        """Give every figure away as a table."""
        choice = self._choice(visit)
        report = await self._desk.reports.report(choice.query)
        name = f"report-{choice.first}-{choice.last}-by-{choice.by}.csv"
        return Response(as_csv(report), headers=_file(name), media_type="text/csv; charset=utf-8")

    async def _chart(self, visit: Visit, *, png: bool) -> Response:
        name = visit.path("name")
        if name not in CHARTS:
            raise NotFoundError
        choice = self._choice(visit)
        report = await self._desk.reports.report(choice.query)
        over_time = await self._desk.reports.report(choice.over_time)
        made = CHARTS[name](report, over_time, choice, visit.language)
        dark = visit.query("look") == Look.DARK
        width, height = _NARROW if visit.query("size") == "small" else _WIDE
        look = Look.DARK if dark else Look.LIGHT
        drawn = await self._desk.charts.draw(Order(made, look, width, height, png))
        if png:
            saved = _file(f"{name}-{choice.first}-{choice.last}.png")
            return Response(drawn, headers=saved, media_type="image/png")
        # The address has a mark of what the chart shows: another chart has another address.
        kept = {"Cache-Control": "private, max-age=600"} if visit.query("v") else {}
        return Response(drawn, headers={**HEADERS, **kept}, media_type="image/svg+xml")

    def _choice(self, visit: Visit) -> Choice:
        values = dict(visit.request.query_params)
        return choice_of(values, self._clock(), self._desk.zone())


def _file(name: str) -> dict[str, str]:
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}


def _every(report: Report, choice: Choice, language: str) -> list[tuple[str, list[str]]]:
    """Return every metric of which there is something to tell."""
    found: list[tuple[str, list[str]]] = []
    for metric in METRICS:
        figure, still = report.total[metric.name], report.open.get(metric.name)
        if figure.n or still:
            values = cells(metric.name, figure, business=choice.business, language=language)
            row = [_n(metric.name, figure), *values, shown.number(still.n) if still else ""]
            found.append((words.name(metric.name, language), row))
    return found


def _n(name: str, figure: Figure) -> str:
    counted = BY_NAME[name].measure in (Measure.COUNT, Measure.SUM, Measure.CUSTOMERS)
    return "" if counted else shown.number(figure.n)


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of reports."""
    if services.reports is None:
        return []
    pages = ReportPages(services.reports, render, services.clock)
    charts = "/console/reports/charts/{name}"
    return [
        Route("/console/reports", gate.page(pages.show, Deed.REPORT_SEE)),
        Route(f"{charts}.svg", gate.page(pages.svg, Deed.REPORT_SEE)),
        Route(f"{charts}.png", gate.page(pages.png, Deed.REPORT_EXPORT)),
        Route("/console/reports/report.csv", gate.page(pages.csv, Deed.REPORT_EXPORT)),
    ]
