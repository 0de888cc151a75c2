"""How it goes: satisfaction, what is open, what is stuck."""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response

from console.pages.inbox import ORDER
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.dead_letters import Queue
from desk.errors import ConflictError, NotFoundError
from desk.tables.conversation import Owner

_PERIODS = {"7": 7, "30": 30, "90": 90, "all": None}
_GROUPS = ("owner", "agent", "channel", "language")


class OverviewPages:
    """Figures for whoever runs the desk, and another chance for what is stuck."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the overview."""
        return await self._page(visit)

    async def replay(self, visit: Visit) -> Response:
        """Give a dead letter another chance."""
        queue, number = visit.path("queue"), visit.row_id("number")
        if queue not in tuple(Queue):
            raise NotFoundError
        try:
            await self._services.dead_letters.replay(Queue(queue), number)
        except ConflictError:
            return await self._page(visit, "problem.not_dead", HTTPStatus.CONFLICT)
        return go("/console/overview?replayed=1#stuck")

    async def _page(
        self, visit: Visit, problem: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        services = self._services
        period = visit.query("period") if visit.query("period") in _PERIODS else "30"
        group = visit.query("by") if visit.query("by") in _GROUPS else "owner"
        days = _PERIODS[period]
        since = services.clock() - timedelta(days=days) if days else None
        counts = (await services.view.inbox({})).counts
        return self._render.page(
            visit,
            "overview.html",
            status,
            report=await services.feedback.csat(since=since, by=group),
            period=period,
            periods=tuple(_PERIODS),
            group=group,
            groups=_GROUPS,
            counts=counts,
            owners=ORDER,
            waiting=counts[Owner.WAITING],
            tickets=await services.view.ticket_counts(),
            letters=await services.dead_letters.list(),
            problem=problem,
            replayed=visit.query("replayed") == "1",
        )
