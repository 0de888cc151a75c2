"""Suggested segments: rules for the groups of similar customers, each one press from the builder."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.insight.known import Insights
from analytics.segments.rule import read
from analytics.segments.words import in_words
from console.gate import Gate
from console.pages.insight_charts import group as told
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed

SUGGESTED = "/console/segments/suggested"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A suggestion as the page shows it; ``address`` opens it in the builder."""

    group: str
    words: str
    size: int
    purity: float
    coverage: float
    address: str


class SuggestedPages:
    """Shows what could be a segment."""

    def __init__(self, insights: Insights, services: ConsoleServices, render: Renderer) -> None:
        self._insights = insights
        self._services = services
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """List the suggestions, the largest first."""
        lines = []
        for one in await self._insights.suggestions():
            group = told(one.group, visit.language)
            asked = {"name": group[:100], "where": json.dumps(one.rule["where"])}
            line = Line(
                group=group,
                words=in_words(read(one.rule), visit.language),
                size=one.size,
                purity=one.purity,
                coverage=one.coverage,
                address=f"/console/segments/new?{urlencode(asked)}",
            )
            lines.append(line)
        waiting = await self._services.view.waiting()
        return self._render.page(
            visit, "segments_suggested.html", suggested=lines, waiting=waiting
        )


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the address of the suggestions."""
    if services.insights is None or services.segments is None:
        return []
    pages = SuggestedPages(services.insights, services, render)
    return [Route(SUGGESTED, gate.page(pages.show, Deed.SEGMENT_SEE), methods=["GET"])]
