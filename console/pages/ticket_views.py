"""Saved views: lists under a name."""

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate, mine
from console.render import go
from console.services import ConsoleServices
from console.ticket_desk import TicketDesk
from console.visit import Visit
from desk.access.policy import Deed
from desk.tickets.listing import Wanted

_TICKETS = "/console/tickets"


class ViewPages:
    """Saves and forgets views."""

    def __init__(self, desk: TicketDesk) -> None:
        self._desk = desk

    async def save(self, visit: Visit) -> Response:
        """Save the list that is shown, for who asks or, if they may, for all."""
        form = dict(visit.form)
        shared = form.pop("shared", "") == "yes"
        if shared:
            visit.require(Deed.VIEW_SHARE, own=True)
        await self._desk.views.save(
            owner=visit.agent,
            name=form.get("name", ""),
            wanted=Wanted.read(form),
            shared=shared,
        )
        return go(_TICKETS)

    async def remove(self, visit: Visit) -> Response:
        """Forget a view; a shared one of somebody else's only whoever may share everybody's."""
        view = await self._desk.views.get(visit.row_id("id"))
        own = view.owner == visit.agent
        visit.require(Deed.VIEW_SHARE if view.shared else Deed.VIEW_SAVE, own=own)
        await self._desk.views.remove(view.id)
        return go(_TICKETS)


def routes(gate: Gate, services: ConsoleServices) -> list[BaseRoute]:
    """Return the addresses of views."""
    if services.ticket_desk is None:
        return []
    pages, views = ViewPages(services.ticket_desk), f"{_TICKETS}/views"
    return [
        Route(views, gate.action(pages.save, Deed.VIEW_SAVE, own=mine), methods=["POST"]),
        # Whose view it is, is asked there; to reach it one must be able to save views at all.
        Route(
            f"{views}/{{id:int}}/remove",
            gate.action(pages.remove, Deed.VIEW_SAVE, own=mine),
            methods=["POST"],
        ),
    ]
