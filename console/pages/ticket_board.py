"""The board: tickets by status, moved by hand or by form."""

import asyncio

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.tables.ticket import TicketStatus
from desk.tickets.listing import Sort, Wanted
from desk.tickets.status import DONE, MOVES

_CARDS = 20
_COLUMNS = tuple(status for status in TicketStatus if status is not TicketStatus.CLOSED)


class BoardPages:
    """Shows a column for each status that is not closed."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the board, of everybody or of who asks."""
        mine = visit.query("mine") == "yes"
        tickets = self._services.tickets
        found = await asyncio.gather(
            *(
                tickets.find(_wanted(one, visit.agent if mine else ""), limit=_CARDS)
                for one in _COLUMNS
            )
        )
        return self._render.page(
            visit,
            "ticket_board.html",
            columns=list(zip(_COLUMNS, found, strict=True)),
            counts={} if mine else await tickets.counts(Wanted()),
            moves=MOVES,
            mine=mine,
            waiting=await self._services.view.waiting(),
        )


def _wanted(status: TicketStatus, assignee: str) -> Wanted:
    sort = Sort.UPDATED if status in DONE else Sort.PRIORITY
    return Wanted(status=status, assignee=assignee, sort=sort)


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the address of the board."""
    pages = BoardPages(services, render)
    return [Route("/console/tickets/board", gate.page(pages.show, Deed.TICKET_SEE))]
