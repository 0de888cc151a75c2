"""How it goes: satisfaction, what is open, what is stuck."""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response

from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.conversations.desk_model import Queue
from desk.dead_letters import Queue as Stuck
from desk.errors import ConflictError, NotFoundError

_PERIODS = {"7": 7, "30": 30, "90": 90, "all": None}
_OWNERS = (Queue.WAITING, Queue.HUMAN, Queue.BOT, Queue.CLOSED)
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
        if queue not in tuple(Stuck):
            raise NotFoundError
        try:
            await self._services.dead_letters.replay(Stuck(queue), number)
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
        sees_channels = visit.may(Deed.CHANNEL_SEE)
        since = services.clock() - timedelta(days=days) if days else None
        now = services.clock()
        counts = (await services.view.desk({}, agent=visit.agent, now=now)).counts
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
            owners=_OWNERS,
            waiting=counts[Queue.WAITING],
            tickets=await services.view.ticket_counts(),
            letters=await services.dead_letters.list() if sees_channels else (),
            state=await services.health.look() if services.health and sees_channels else None,
            problem=problem,
            replayed=visit.query("replayed") == "1",
        )
