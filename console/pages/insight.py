"""What the shop's people are like: the dashboard, its charts and its file."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.insight import words
from analytics.insight.board import Dashboard
from analytics.insight.known import Insights
from analytics.insight.quality import Odds
from analytics.reports.charts import Charts, version
from analytics.reports.order import Order
from analytics.reports.picture import Form, Look, Picture
from console.gate import Gate
from console.pages.insight_charts import CHARTS, SECTIONS, chart, group, money_text, tells
from console.pages.insight_file import as_csv
from console.pages.insight_shown import Chart
from console.pages.segments_suggested import SUGGESTED
from console.render import HEADERS, Renderer
from console.services import ConsoleServices
from console.visit import Visit
from console.words import say
from desk.access.policy import Deed
from desk.errors import NotFoundError

_PAGE = "/console/insight"
_WIDE, _NARROW = (480, 220), (340, 220)
_HIGH = 300
"""Of a plot with two axes."""
_LEVELS = 9
_LIKELY = "high"
_MISSING: Mapping[str, tuple[str, ...]] = {
    "worth": ("value",),
    "value": ("forecasts", "value"),
    "churn": ("forecasts", "churn"),
    "response": ("forecasts", "response"),
    "groups": ("groups",),
}
"""Under which names the reason may stand why a part of the page has nothing to show."""

told = group


class InsightPages:
    """The page, its charts and its file."""

    def __init__(
        self, insights: Insights, charts: Charts, render: Renderer, *, has_segments: bool
    ) -> None:
        self._insights = insights
        self._segments = SUGGESTED if has_segments else None
        self._charts = charts
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the dashboard."""
        board = await self._insights.dashboard()
        if board is None or not board.people:
            return self._render.page(visit, "insight.html", board=None)
        drawn = {name: chart(board, name, visit.language) for name in CHARTS}
        shown = {name: one for name, one in drawn.items() if tells(one)}
        most = max((n for row in board.grid for n in row), default=0)
        return self._render.page(
            visit,
            "insight.html",
            board=board,
            sections={
                part: {name: shown[name] for name in names if name in shown}
                for part, names in SECTIONS.items()
            },
            versions={name: version(_order(one)) for name, one in shown.items()},
            level=lambda n: level(n, most),
            share_level=lambda share: level(share, 1),
            months=max((len(one.shares) for one in board.cohorts), default=0),
            told=lambda text: group(str(text), visit.language),
            rule=lambda checks: words.rule(checks, visit.language),
            modelled=lambda name: words.model(name, visit.language),
            factor=lambda odds: factor(odds, visit.language),
            money=lambda value: money_text(value, board.currency),
            risk=_at_risk(board),
            segments=self._segments,
            why=lambda part: _why(board, part, visit.language),
        )

    async def svg(self, visit: Visit) -> Response:
        """Show a chart as the page does."""
        return await self._chart(visit, png=False)

    async def png(self, visit: Visit) -> Response:
        """Give a chart away as a picture."""
        return await self._chart(visit, png=True)

    async def csv(self, visit: Visit) -> Response:
        """Give the figures away as a table."""
        text = as_csv(await self._board())
        return Response(text, headers=_file("people.csv"), media_type="text/csv; charset=utf-8")

    async def _board(self) -> Dashboard:
        board = await self._insights.dashboard()
        if board is None:
            raise NotFoundError
        return board

    async def _chart(self, visit: Visit, *, png: bool) -> Response:
        name = visit.path("name")
        if name not in CHARTS:
            raise NotFoundError
        made = chart(await self._board(), name, visit.language)
        if not tells(made):
            raise NotFoundError
        look = Look.DARK if visit.query("look") == Look.DARK else Look.LIGHT
        size = _NARROW if visit.query("size") == "small" else _WIDE
        drawn = await self._charts.draw(_order(made, look, size[0], png=png))
        if png:
            return Response(drawn, headers=_file(f"{name}.png"), media_type="image/png")
        kept = {"Cache-Control": "private, max-age=600"} if visit.query("v") else {}
        return Response(drawn, headers={**HEADERS, **kept}, media_type="image/svg+xml")


def _order(
    made: Chart, look: Look = Look.LIGHT, width: int = _WIDE[0], *, png: bool = False
) -> Order:
    picture: Picture = made.picture
    height = _HIGH if picture.form is Form.AGAINST else _WIDE[1]
    return Order(picture, look, width, height, png)


def _at_risk(board: Dashboard) -> float | None:
    """Return the share of buyers who are likely to leave; None when nothing is known of it."""
    bars = board.bars["churn"]
    total = sum(bar.people for bar in bars)
    return sum(bar.people for bar in bars if bar.key == _LIKELY) / total if total else None


def _why(board: Dashboard, part: str, language: str) -> str:
    """Return in a sentence why a part of the page has nothing to show."""
    for name in _MISSING[part]:
        if name in board.left_out:
            why = words.reason(board.left_out[name], language)
            return say("insight.not_yet", language, why=why)
    return say("insight.none", language)


def factor(odds: Odds, language: str) -> str:
    """Return for what the odds grow by a factor: so much more of a number, or a word instead of the commonest."""
    name = words.feature(odds.feature, language)
    if odds.step is not None:
        return say("insight.more_of", language, name=name, step=words.number(odds.step))
    check = {"missing": "insight.is_missing", "other": "insight.is_rare"}.get(odds.kind)
    return say(check or "insight.is", language, name=name, word=words.word(odds.word, language))


def level(value: float, most: float) -> int:
    """Return how dark a cell is, from 0 for nothing to 9."""
    return 0 if not value or not most else max(1, round(value / most * _LEVELS))


def _file(name: str) -> dict[str, str]:
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of the dashboard."""
    if services.insights is None or services.reports is None:
        return []
    pages = InsightPages(
        services.insights,
        services.reports.charts,
        render,
        has_segments=services.segments is not None,
    )
    charts = f"{_PAGE}/charts/{{name}}"
    return [
        Route(_PAGE, gate.page(pages.show, Deed.SEGMENT_SEE)),
        Route(f"{charts}.svg", gate.page(pages.svg, Deed.SEGMENT_SEE)),
        Route(f"{charts}.png", gate.page(pages.png, Deed.REPORT_EXPORT)),
        Route(f"{_PAGE}/people.csv", gate.page(pages.csv, Deed.REPORT_EXPORT)),
    ]
