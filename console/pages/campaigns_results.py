"""What came of campaigns: figures, charts and tables of one, several side by side, and files to take along."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.results_model import By, Findings
from analytics.campaigns.thrift import Thrift
from analytics.reports.charts import Charts, version
from analytics.reports.order import Order
from analytics.reports.picture import Look
from console import campaign_figures as figures
from console import campaign_words as words
from console.campaign_charts import CHARTS, chart, lines_of
from console.campaign_file import as_csv
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.pages.campaigns import CAMPAIGNS, row_number
from console.pages.insight_charts import tells
from console.pages.insight_shown import Chart
from console.render import HEADERS, Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import NotFoundError

_WIDE, _NARROW = (1000, 240), (340, 220)
_TABLES = (By.VARIANT, By.CHANNEL, By.LANGUAGE, By.DAY, By.HOUR, By.RUN, By.PART)
_ALWAYS = (By.VARIANT, By.CHANNEL)
"""These are told even when there is but one line."""
_MOST = 6
"""More campaigns than these do not fit side by side."""
_RUNS = 50
_KEPT = 30.0
"""Seconds: a page and its charts show the same, and are added up once."""


class ResultPages:
    """Shows what came of campaigns."""

    def __init__(
        self, desk: CampaignPages, services: ConsoleServices, render: Renderer, charts: Charts
    ) -> None:
        self._desk = desk
        self._services = services
        self._render = render
        self._charts = charts
        self._kept: Thrift[tuple[int, int | None], Findings] = Thrift(least=_KEPT)

    async def show(self, visit: Visit) -> Response:
        """Show what came of a campaign, or of one of its runs."""
        found, language = await self._findings(visit), visit.language
        drawn = {name: chart(found, name, language) for name in CHARTS}
        shown = {name: one for name, one in drawn.items() if tells(one)}
        return await self._page(
            visit,
            "campaign_results.html",
            found=found,
            runs=await self._desk.watching.times(found.campaign_id, limit=_RUNS),
            charts=shown,
            versions={name: version(_order(one)) for name, one in shown.items()},
            tables={
                by: lines
                for by in _TABLES
                if len(lines := lines_of(found, by)) > (0 if by in _ALWAYS else 1)
            },
            goal=words.goal(found, language),
            key=lambda by, text: figures.key(by, text, language),
            **_tellers(language),
        )

    async def svg(self, visit: Visit) -> Response:
        """Show a chart as the page does."""
        return await self._chart(visit, png=False)

    async def png(self, visit: Visit) -> Response:
        """Give a chart away as a picture."""
        return await self._chart(visit, png=True)

    async def csv(self, visit: Visit) -> Response:
        """Give every figure away as a table; that it was taken is noted at the gate."""
        found = await self._findings(visit)
        name = f"campaign-{found.campaign_id}{f'-{found.run_id}' if found.run_id else ''}.csv"
        return _csv(as_csv([found]), name)

    async def compare(self, visit: Visit) -> Response:
        """Show several campaigns side by side."""
        found = await self._compared(visit)
        every = await self._desk.watching.list(limit=200)
        language = visit.language
        return await self._page(
            visit,
            "campaign_compare.html",
            found=found,
            asked="&".join(f"id={one.campaign_id}" for one in found),
            campaigns=[one.campaign for one in every if one.runs],
            most=_MOST,
            segments=await self._segments(),
            goal=lambda one: words.goal(one, language, "campaigns.goal_short"),
            **_tellers(language),
        )

    async def compared_csv(self, visit: Visit) -> Response:
        """Give the figures of several campaigns away as one table."""
        return _csv(as_csv(await self._compared(visit)), "campaigns.csv")

    async def _compared(self, visit: Visit) -> Sequence[Findings]:
        asked = visit.request.query_params.getlist("id")
        ids = dict.fromkeys(number for text in asked if (number := row_number(text)))
        return [await self._of(one, None) for one in tuple(ids)[:_MOST]]

    async def _findings(self, visit: Visit) -> Findings:
        in_path = "run" in visit.request.path_params
        run_id = visit.row_id("run") if in_path else row_number(visit.query("run"))
        return await self._of(visit.row_id("number"), run_id)

    async def _of(self, campaign_id: int, run_id: int | None) -> Findings:
        key = (campaign_id, run_id)
        return await self._kept.get(key, lambda: self._desk.results.of(campaign_id, run_id))

    async def _segments(self) -> dict[int, str]:
        segments = self._desk.segments
        found = [*await segments.list(), *await segments.list(archived=True)]
        return {one.id: one.name for one in found}

    async def _chart(self, visit: Visit, *, png: bool) -> Response:
        name = visit.path("name")
        if name not in CHARTS:
            raise NotFoundError
        made = chart(await self._findings(visit), name, visit.language)
        if not tells(made):
            raise NotFoundError
        look = Look.DARK if visit.query("look") == Look.DARK else Look.LIGHT
        size = _NARROW if visit.query("size") == "small" else _WIDE
        drawn = await self._charts.draw(_order(made, look, size, png=png))
        if png:
            return Response(drawn, headers=_file(f"{name}.png"), media_type="image/png")
        kept = {"Cache-Control": "private, max-age=600"} if visit.query("v") else {}
        return Response(drawn, headers={**HEADERS, **kept}, media_type="image/svg+xml")

    async def _page(self, visit: Visit, template: str, **known: Any) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, waiting=waiting, **known)


def _tellers(language: str) -> dict[str, Any]:
    """Return how templates tell figures."""
    return {
        "counted": figures.counted,
        "share": figures.share,
        "revenue": figures.revenue,
        "per_thousand": figures.per_thousand,
        "points": lambda one: figures.points(one, language),
        "cash": lambda one: figures.cash(one, language),
        "caused": figures.caused,
        "caused_ends": lambda one: figures.caused_ends(one, language),
        "harm": lambda one: figures.harm(one, language),
        "arm": lambda name: figures.key(By.VARIANT, name, language),
        "measures": figures.MEASURES,
    }


def _order(
    made: Chart,
    look: Look = Look.LIGHT,
    size: tuple[int, int] = _WIDE,
    *,
    png: bool = False,
) -> Order:
    return Order(made.picture, look, *size, png)


def _csv(text: str, name: str) -> Response:
    return Response(text, headers=_file(name), media_type="text/csv; charset=utf-8")


def _file(name: str) -> dict[str, str]:
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}


def routes(
    gate: Gate, services: ConsoleServices, render: Renderer, desk: CampaignPages
) -> list[BaseRoute]:
    """Return the addresses of results."""
    if services.reports is None:
        return []
    pages = ResultPages(desk, services, render, services.reports.charts)
    see, take = Deed.CAMPAIGN_SEE, Deed.REPORT_EXPORT
    one = f"{CAMPAIGNS}/{{number:int}}"
    return [
        Route(f"{CAMPAIGNS}/compare", gate.page(pages.compare, see), methods=["GET"]),
        Route(f"{CAMPAIGNS}/compare.csv", gate.page(pages.compared_csv, take), methods=["GET"]),
        Route(f"{one}/results", gate.page(pages.show, see), methods=["GET"]),
        Route(f"{one}/export.csv", gate.page(pages.csv, take), methods=["GET"]),
        *(
            Route(f"{whose}/charts/{{name}}.{kind}", gate.page(page, deed), methods=["GET"])
            for whose in (one, f"{one}/runs/{{run:int}}")
            for kind, page, deed in (("svg", pages.svg, see), ("png", pages.png, take))
        ),
    ]
