"""Merging a ticket into another of the same customer, after a look, and taking it back."""

from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.problem import word_for
from console.render import Renderer, go
from console.services import ConsoleServices
from console.ticket_desk import TicketDesk
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError
from desk.tickets.listing import ANY, Sort, Wanted
from desk.tickets.merging import TwoContactsError

_OTHERS, _LONGEST_WHY = 30, 500
_TICKET = "/console/tickets/{number}"
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (TwoContactsError, "problem.two_contacts"),
    (ConflictError, "problem.merge_ring"),
    (NotFoundError, "problem.ticket_unknown"),
    (InvalidError, "problem.same_ticket"),
)


class MergePages:
    """Asks before it merges."""

    def __init__(self, services: ConsoleServices, desk: TicketDesk, render: Renderer) -> None:
        self._services = services
        self._desk = desk
        self._render = render

    async def look(self, visit: Visit) -> Response:
        """Show the customer's other tickets, or what a merge into one of them would do."""
        return await self._page(visit, visit.query("into").strip()[:40])

    async def merge(self, visit: Visit) -> Response:
        """Merge, and show the ticket that was kept."""
        into = visit.form.get("into", "").strip()[:40]
        try:
            done = await self._desk.merging.merge(
                number=visit.path("number"),
                into=into,
                by=visit.agent,
                why=visit.form.get("why", "").strip()[:_LONGEST_WHY] or None,
            )
        except FrontdeskError as error:
            return await self._page(visit, "", error)
        return go(f"/console/tickets/{done.kept}")

    async def undo(self, visit: Visit) -> Response:
        """Take a merge back."""
        merges = await self._desk.merging.of(visit.path("number"))
        if visit.row_id("id") not in [one.id for one in merges]:
            raise NotFoundError
        done = await self._desk.merging.undo(visit.row_id("id"), by=visit.agent)
        return go(f"/console/tickets/{done.other}")

    async def is_own(self, visit: Visit) -> bool:
        """Say whether the ticket is nobody else's."""
        ticket = await self._services.tickets.get(number=visit.path("number"))
        return ticket.assignee in (None, visit.agent)

    async def _page(
        self, visit: Visit, into: str, error: FrontdeskError | None = None
    ) -> Response:
        ticket = await self._services.tickets.get(number=visit.path("number"))
        preview = None
        if into:
            try:
                preview = await self._desk.merging.preview(number=ticket.number, into=into)
            except FrontdeskError as found:
                error = found
        wanted = Wanted(status=ANY, contact=ticket.contact_id, sort=Sort.NEWEST)
        others = await self._services.tickets.find(wanted, limit=_OTHERS)
        return self._render.page(
            visit,
            "ticket_merge.html",
            error.status_code if error else HTTPStatus.OK,
            ticket=ticket,
            preview=preview,
            others=[
                one for one in others.tickets if one.id != ticket.id and one.merged_into is None
            ],
            problem=_word(error) if error else "",
            wanted=into,
            longest=_LONGEST_WHY,
            waiting=await self._services.view.waiting(),
        )


def _word(error: FrontdeskError) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of merging."""
    if services.ticket_desk is None:
        return []
    pages, deed = MergePages(services, services.ticket_desk, render), Deed.TICKET_MERGE
    merge = f"{_TICKET}/merge"
    return [
        Route(merge, gate.page(pages.look, deed, own=pages.is_own), methods=["GET"]),
        Route(merge, gate.action(pages.merge, deed, own=pages.is_own), methods=["POST"]),
        Route(
            f"{_TICKET}/merges/{{id:int}}/undo",
            gate.action(pages.undo, deed, own=pages.is_own),
            methods=["POST"],
        ),
    ]
